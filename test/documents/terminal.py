"""Runs a command on a terminal of 120 columns, as a reader does: terminal.py COMMAND [ARGUMENT...]"""

import fcntl
import os
import pty
import struct
import sys
import termios

pid, screen = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
while True:
    try:
        written = os.read(screen, 65536)
    except OSError:
        # What Linux says at the end.
        break
    if not written:
        break
    os.write(1, written)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
