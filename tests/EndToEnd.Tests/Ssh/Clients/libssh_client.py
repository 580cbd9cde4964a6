"""libssh through the gateway: PORT USER KEY HOST-KEY-FILE. Says done at the end."""

import ctypes
import os
import sys

port, user, key_file, host_key = sys.argv[1:]

# enum ssh_options_e, enum ssh_known_hosts_e, SSH_AUTH_SUCCESS and SSH_OK of libssh.h
HOST, PORT, USER, KNOWN_HOSTS = 0, 1, 4, 8
KNOWN_HOST_OK, SUCCESS = 1, 0

libssh = ctypes.CDLL("libssh.so.4")
for function in ("ssh_new", "ssh_channel_new"):
    getattr(libssh, function).restype = ctypes.c_void_p
libssh.ssh_get_error.restype = ctypes.c_char_p

known_hosts = os.environ["HOME"] + "/libssh_known_hosts"
with open(host_key) as line, open(known_hosts, "w") as known:
    known.write(f"[127.0.0.1]:{port} {line.read()}")

session = ctypes.c_void_p(libssh.ssh_new())


def check(result, expected=SUCCESS):
    assert result == expected, (result, libssh.ssh_get_error(session))


def option(which, value):
    check(libssh.ssh_options_set(session, which, value))


option(HOST, b"127.0.0.1")
option(PORT, ctypes.byref(ctypes.c_uint(int(port))))
option(USER, user.encode())
option(KNOWN_HOSTS, known_hosts.encode())
check(libssh.ssh_connect(session))
check(libssh.ssh_session_is_known_server(session), KNOWN_HOST_OK)

key = ctypes.c_void_p()
check(libssh.ssh_pki_import_privkey_file(key_file.encode(), None, None, None, ctypes.byref(key)))
check(libssh.ssh_userauth_publickey(session, None, key))

channel = ctypes.c_void_p(libssh.ssh_channel_new(session))
check(libssh.ssh_channel_open_session(channel))
check(libssh.ssh_channel_request_exec(channel, b"cat; exit 8"))
text = b"a line\n" * 100_000
sent = 0
received = b""
buffer = ctypes.create_string_buffer(65536)
while sent < len(text):
    # cat answers while it is asked: both directions have to move.
    sent += libssh.ssh_channel_write(channel, text[sent:sent + 16384], min(16384, len(text) - sent))
    while (count := libssh.ssh_channel_read_nonblocking(channel, buffer, 65536, 0)) > 0:
        received += buffer.raw[:count]
check(libssh.ssh_channel_send_eof(channel))
while (count := libssh.ssh_channel_read(channel, buffer, 65536, 0)) > 0:
    received += buffer.raw[:count]
assert received == text, (len(received), len(text))
assert libssh.ssh_channel_get_exit_status(channel) == 8
libssh.ssh_channel_close(channel)
libssh.ssh_disconnect(session)
print("done")
