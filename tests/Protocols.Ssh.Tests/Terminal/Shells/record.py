#!/usr/bin/env python3
"""Records what shells really write to a terminal, for ShellTests: each file here is a session, a line for each piece.

  @ columns rows      the size of the terminal
  > text              keys, escaped as Python's unicode_escape
  < text              what the terminal got
  = command           what was run, in order
  ? yes|no            the cursor stands at a prompt for a secret

Usage: record.py bash|dash|zsh|... > name.txt, in a folder of its own.
"""
import codecs, fcntl, os, pty, select, struct, sys, termios

SESSIONS = {
    "bash": (80, 24, ["bash", "--norc", "--noprofile", "-i"], {"PS1": r"\u@web1:\w\$ "}, [
        ("echo one\r", ["echo one"]), ("\x1b[A\r", ["echo one"]), ("echo two\x01\x1b[3~\x1b[3~\x1b[3~\x1b[3~printf\r", ["printf two"]),
        ("ech three\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[Do\r", ["echo three"]), ("\x12ne\r", ["echo one"]), ("echo gone\x03", []),
        ("touch alpha-one alpha-two\r", ["touch alpha-one alpha-two"]), ("ls al\t\tone\r", ["ls alpha-one"]), ("ls /\x0c\r", ["ls /"]),
        ("echo a-long-line-that-does-not-fit-in-eighty-columns-and-goes-on-in-the-next-row-of-the-screen x y z\r",
         ["echo a-long-line-that-does-not-fit-in-eighty-columns-and-goes-on-in-the-next-row-of-the-screen x y z"]),
        ("if true\r", ["if true"]), ("then echo yes; fi\r", ["then echo yes; fi"]), ("echo h\xe9llo \u6f22\u5b57\r", ["echo h\xe9llo \u6f22\u5b57"]),
        ("\r", []), ("echo gone away\x15echo kept\r", ["echo kept"]), ("echo up\r", ["echo up"]), ("\x1b[A\x1b[A\x1b[B\x7f\x7fdown\r", ["echo down"]),
        ("PS1='$ '\r", ["PS1='$ '"]), ("echo 1\r", ["echo 1"]), ("PS1='\\[\\e[1;32m\\]\\W\\[\\e[0m\\] > '\r", ["PS1='\\[\\e[1;32m\\]\\W\\[\\e[0m\\] > '"]),
        ("echo 2\r", ["echo 2"]), ("echo a; sleep 0.2\recho b\r", ["echo a; sleep 0.2", "echo b"]), ("exit\r", ["exit"])]),
    "secret": (80, 24, ["bash", "--norc", "--noprofile", "-i"], {"PS1": "$ "}, [
        ("read -s -p 'Password: ' x\r", ["read -s -p 'Password: ' x"]), "?yes", ("hunter2\r", []), "?no",
        ("echo then\r", ["echo then"]), ("read -s -p 'Enter PIN: ' x\r", ["read -s -p 'Enter PIN: ' x"]), "?yes", ("1234\r", []), "?no", ("exit\r", ["exit"])]),
    "programs": (80, 24, ["bash", "--norc", "--noprofile", "-i"], {"PS1": "$ "}, [
        ("seq 200 | less\r", ["seq 200 | less"]), (" ", []), ("/150\r", []), ("q", []), ("vim -u NONE -n note\r", ["vim -u NONE -n note"]),
        ("irm -rf nothing\r\x1b", []), (":q!\r", []), ("cat\r", ["cat"]), ("typed to cat\r", ["typed to cat"]), ("\x04", []),
        ("python3 -q\r", ["python3 -q"]), ("1 + 1\r", ["1 + 1"]), ("exit()\r", ["exit()"]), ("seq 3000\r", ["seq 3000"]), ("exit\r", ["exit"])]),
    "paste": (80, 24, ["bash", "--norc", "--noprofile", "-i"], {"PS1": "me$ "}, [
        ("\x1b[200~echo a\recho b\x1b[201~", []), ("\r", ["echo a\necho b"]), ("echo c\r", ["echo c"]), ("exit\r", ["exit"])]),
    "dash": (80, 24, ["dash", "-i"], {"PS1": "$ "}, [
        ("echo one\r", ["echo one"]), ("ecx\x7fho two\r", ["echo two"]), ("echo no\x15echo yes\r", ["echo yes"]), ("exit\r", ["exit"])]),
    "zsh": (80, 24, ["zsh", "-f", "-i"], {"PS1": "%m %1~ %# ", "RPS1": "[right]"}, [
        ("echo one\r", ["echo one"]), ("\x1b[A\r", ["echo one"]), ("echo two\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C12 \r", ["echo 12 two"]),
        ("touch beta-one beta-two\r", ["touch beta-one beta-two"]), ("ls bet\t\to\t\r", ["ls beta-one"]), ("\x12touch\r", ["touch beta-one beta-two"]),
        ("printf 'no newline'\r", ["printf 'no newline'"]), ("echo after\r", ["echo after"]),
        ("echo a-long-line-that-does-not-fit-in-eighty-columns-and-goes-on-in-the-next-row-of-the-screen x y z\r",
         ["echo a-long-line-that-does-not-fit-in-eighty-columns-and-goes-on-in-the-next-row-of-the-screen x y z"]), ("exit\r", ["exit"])]),
    "marks": (80, 24, ["bash", "--norc", "--noprofile", "-i"], {"PS1": r"\[\e]133;A\a\]two words \[\e]133;B\a\]"}, [
        ("echo one\r", ["echo one"]), ("\x1b[A\x7f\x7f\x7ftwo\r", ["echo two"]), ("exit\r", ["exit"])]),
}


def run(name):
    columns, rows, command, env, steps = SESSIONS[name]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.clear()
        os.environ.update({"TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "USER": "ada", "HISTFILE": "", "LESS": "", "PYTHON_BASIC_REPL": "1", **env})
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    print("@", columns, rows)
    decoder = codecs.getincrementaldecoder("utf-8")()

    def drain(quiet):
        while select.select([fd], [], [], quiet)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return
            if not data:
                return
            text = decoder.decode(data)
            if text:
                print("<", text.encode("unicode_escape").decode())

    drain(0.7)
    for step in steps:
        if isinstance(step, str):
            print("?", step[1:])
            continue
        keys, commands = step
        # Enter on its own, as people press it; a paste and what is typed ahead in one piece.
        pieces = [keys] if keys.startswith("\x1b[200~") or "\r" in keys[:-1] else [keys[:-1], keys[-1]] if keys.endswith("\r") else [keys]
        for piece in pieces:
            if piece:
                print(">", piece.encode("unicode_escape").decode())
                os.write(fd, piece.encode())
                drain(0.35)
        drain(0.4)
        for command in commands:
            print("=", command.encode("unicode_escape").decode())


run(sys.argv[1])
