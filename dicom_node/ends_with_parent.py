"""Run a program that is told to end when its parent dies, however it dies. Started by path, imports nothing of ours.

    python ends_with_parent.py PARENT_PID PROGRAM ARGUMENT…

On Linux the kernel sends SIGTERM when the parent is gone (prctl(2), PR_SET_PDEATHSIG); elsewhere nothing is promised.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, program = int(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the program says what it means: nothing, for most
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel knew
            sys.exit(0)
    os.execv(program[0], program)  # noqa: S606  # the program is ours, named by the supervisor
