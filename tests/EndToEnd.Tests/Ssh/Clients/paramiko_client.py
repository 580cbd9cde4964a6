"""paramiko through the gateway: PORT USER KEY HOST-KEY-FILE FOLDER ECHO-PORT. Says done at the end."""

import os
import sys

import paramiko

port, user, key, host_key, folder, echo = sys.argv[1:]

client = paramiko.SSHClient()
with open(host_key) as line:
    entry = paramiko.hostkeys.HostKeyEntry.from_line(f"[127.0.0.1]:{port} {line.read()}")
client.get_host_keys().add(entry.hostnames[0], entry.key.get_name(), entry.key)
client.connect("127.0.0.1", int(port), user, key_filename=key, look_for_keys=False, allow_agent=False, timeout=20)

stdin, stdout, stderr = client.exec_command("cat; echo error >&2; exit 5")
stdin.write("asked\n")
stdin.channel.shutdown_write()
assert stdout.read() == b"asked\n"
assert stderr.read() == b"error\n"
assert stdout.channel.recv_exit_status() == 5

content = os.urandom(3_000_000)
path = f"{folder}/file"
sftp = client.open_sftp()
with sftp.open(path, "wb") as file:
    file.set_pipelined(True)
    file.write(content)
assert sftp.listdir(folder) == ["file"]
assert sftp.stat(path).st_size == len(content)
with sftp.open(path, "rb") as file:
    file.prefetch()
    assert file.read() == content
sftp.remove(path)
sftp.close()

forward = client.get_transport().open_channel("direct-tcpip", ("127.0.0.1", int(echo)), ("127.0.0.1", 1))
forward.sendall(b"tunnel\n")
assert forward.recv(100) == b"tunnel\n"
forward.close()

shell = client.invoke_shell("xterm", 100, 40)
shell.settimeout(30)
shell.send("stty size; echo marker-$((40+2)); exit 3\n")
seen = b""
while not shell.closed and (more := shell.recv(4096)):
    seen += more
assert b"40 100" in seen and b"marker-42" in seen, seen
assert shell.recv_exit_status() == 3

client.close()
print("done")
