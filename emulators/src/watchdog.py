"""Runs a module as the main program, and ends it with all it started when standard input ends.

The test process holds the other end of standard input: it closes when that process exits, by
whatever way, so that no emulator outlives its tests.
"""

import os
import runpy
import signal
import sys
import threading


def wait_for_the_end():
    sys.stdin.buffer.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


threading.Thread(target=wait_for_the_end, daemon=True).start()
module, sys.argv = sys.argv[1], sys.argv[1:]
runpy.run_module(module, run_name="__main__", alter_sys=True)
