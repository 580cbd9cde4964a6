"""asyncssh through the gateway: PORT USER KEY HOST-KEY-FILE FOLDER ECHO-PORT. Says done at the end."""

import asyncio
import os
import sys

import asyncssh

port, user, key, host_key, folder, echo = sys.argv[1:]


async def many_channels(connection):
    runs = await asyncio.gather(*(connection.run(f"cat; exit {i}", input=f"{i}\n" * 1000) for i in range(50)))
    for i, run in enumerate(runs):
        assert (run.exit_status, run.stdout) == (i, f"{i}\n" * 1000), (i, run)


async def sftp(connection):
    content = os.urandom(3_000_000)
    async with connection.start_sftp_client() as client:
        async with client.open(f"{folder}/file", "wb") as file:
            await file.write(content)
        assert "file" in await client.listdir(folder)
        async with client.open(f"{folder}/file", "rb") as file:
            assert await file.read() == content
        await client.remove(f"{folder}/file")


async def forwards(connection):
    listener = await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", int(echo))
    reader, writer = await connection.open_connection("127.0.0.1", listener.get_port())
    writer.write(b"there and back\n")
    assert await reader.readline() == b"there and back\n"
    writer.close()
    listener.close()
    await listener.wait_closed()


async def main():
    with open(host_key) as line:
        known = asyncssh.import_known_hosts(f"[127.0.0.1]:{port} {line.read()}")
    async with asyncssh.connect("127.0.0.1", int(port), username=user, client_keys=[key], known_hosts=known, config=None, agent_path=None) as connection:
        run = await connection.run("echo out; echo err >&2; exit 4")
        assert (run.exit_status, run.stdout, run.stderr) == (4, "out\n", "err\n")
        await many_channels(connection)
        await sftp(connection)
        await forwards(connection)


asyncio.run(main())
print("done")
