"""Runs a command on a pseudo-terminal: on-terminal.py COLUMNS ROWS COMMAND...

Copies what the terminal shows to stdout. Lines of stdin act on it: `size COLUMNS ROWS`, `type TEXT`, where ^C is Ctrl-C.
"""
import fcntl, os, pty, select, signal, struct, sys, termios


def resize(descriptor, columns, rows):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


columns, rows, *command = sys.argv[1:]
child, master = pty.fork()
if child == 0:
    resize(0, int(columns), int(rows))
    os.execvp(command[0], command)
inputs = [master, 0]
while master in inputs:
    readable, _, _ = select.select(inputs, [], [])
    if master in readable:
        try:
            data = os.read(master, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
    if 0 in readable:
        text = os.read(0, 4096).decode()
        if not text:
            inputs.remove(0)
        for line in text.splitlines():
            word, *rest = line.split(" ")
            if word == "size":
                resize(master, int(rest[0]), int(rest[1]))
            elif word == "type":
                os.write(master, " ".join(rest).replace("^C", "\x03").encode())
            elif word == "hang-up":
                os.kill(child, signal.SIGHUP)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
