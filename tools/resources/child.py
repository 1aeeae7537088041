# SPDX-License-Identifier: MIT
"""Children that do not outlive us, and stopping by a signal."""

import contextlib
import signal


@contextlib.contextmanager
def ended_with_us(child):
    """Kills the child, if it still runs, when the block is left."""
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def stop_by_sigterm():
    """SIGTERM ends the run as Ctrl-C does: by KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def ignore_interrupt():
    """For a child's `preexec_fn`: Ctrl-C is ours to heed, and we end it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
