"""The child process that outlives nobody, and lets nobody outlive it.

`engine.process` runs this file on its own (`python -I -S guard.py LIFELINE PARENT COMMAND`); it imports nothing of the
package and starts in some 20 ms. It runs `sh -c COMMAND` and holds one end of a socket, its lifeline. When the other
end writes a grace in seconds, or closes (the tool was killed, even by SIGKILL), the command and all that it started get
SIGTERM, the grace, and SIGKILL; a second word there ends the grace. At the end it writes the command's exit status
(128 + n for signal n) to the lifeline.

On Linux it is the subreaper of all that it starts: whoever loses its parent, also by `setsid` or a double fork,
becomes its child. It only ever signals its own children, whose ids cannot be given away before it has reaped them.
Elsewhere it can only signal the command's process group.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time

LINGER = 0.5
"""Seconds for what the command left in the background, such as the last end of a pipe, to end by itself."""
SUDDEN = 2.0
"""The grace in seconds between SIGTERM and SIGKILL, when the lifeline closed without a word about it."""
LAST = 3.0
"""Seconds after SIGKILL; who is then still there (another user's, or stuck in the kernel) is given up."""
PARENT_CHECK = 1.0
"""Seconds between looks at the parent: a forked copy of the tool may hold the lifeline's other end open."""
KILL_ROUND = 0.02
"""Seconds between two rounds of SIGKILL: each makes the children of the killed ones ours."""

PR_SET_CHILD_SUBREAPER = 36
DEFAULTS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""What the tool or Python ignores must not be ignored by the command."""


def main(lifeline: int, parent: int, command: str) -> int:
    """Run the command to its end or until nobody waits for it. Gives its exit status."""
    os.set_inheritable(lifeline, False)
    tree = Tree(command, Bell(lifeline))
    grace = watch(tree, parent)
    if grace is None and not tree.gone_within(LINGER):
        say("what the command left running in the background is ended with it")
    if not tree.end(SUDDEN if grace is None else grace):
        say("something that the command started could not be ended, it still runs")
    try:
        os.write(lifeline, str(tree.status).encode())
    except OSError:
        pass  # nobody is there to read it
    return tree.status


def say(line: str) -> None:
    """To the command's own output, which is this one's."""
    try:
        os.write(1, f"async-rollout: {line}\n".encode())
    except OSError:
        pass  # the tool is gone, and with it the reader


class Bell:
    """Rings at SIGCHLD, at any signal that asks for the end, and when there is something on the lifeline."""

    def __init__(self, lifeline: int) -> None:
        self.asked = False
        self.word = b""
        self._lifeline: int | None = lifeline
        self.fd, write = os.pipe()
        for end in (self.fd, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._ask)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def _ask(self, *_: object) -> None:
        self.asked = True

    def wait(self, seconds: float) -> None:
        """Until it rings, or so many seconds."""
        poll = select.poll()
        for fd in (self.fd, self._lifeline):
            if fd is not None:
                poll.register(fd, select.POLLIN)
        ready = [fd for fd, _ in poll.poll(max(seconds, 0.0) * 1000)]
        if self.fd in ready:
            os.read(self.fd, 4096)
        if self._lifeline in ready:
            self._hear(self._lifeline)

    def _hear(self, lifeline: int) -> None:
        self.asked = True
        try:
            heard = os.read(lifeline, 64)
        except OSError:
            heard = b""
        self.word += heard
        self._lifeline = lifeline if heard else None

    def grace(self) -> float:
        """What the last word says; answered, so that the next one counts as new."""
        self.asked = False
        words = self.word.split()
        return float(words[-1]) if words else SUDDEN


class Tree:
    """The command and all that it started."""

    def __init__(self, command: str, bell: Bell) -> None:
        self.bell = bell
        self.adopts = adopt_orphans()
        self.ended = False
        self.status = 128 + signal.SIGKILL  # of a command whose end is never seen
        self.shell = os.posix_spawn(
            "/bin/sh", ["sh", "-c", command], os.environ, setpgroup=0, setsigmask=(), setsigdef=DEFAULTS
        )

    def reap(self) -> bool:
        """Take the dead. True: nobody is left."""
        try:
            while (dead := os.waitpid(-1, os.WNOHANG))[0]:
                if dead[0] == self.shell:
                    code = os.waitstatus_to_exitcode(dead[1])
                    self.ended, self.status = True, code if code >= 0 else 128 - code
        except ChildProcessError:
            return self.adopts or not self._signal_group(0)
        return False

    def gone_within(self, seconds: float) -> bool:
        """Wait until nobody is left. False: the time was over first."""
        until = time.monotonic() + seconds
        while not self.reap():
            if (rest := until - time.monotonic()) <= 0:
                return False
            self.bell.wait(rest if self.adopts else min(rest, KILL_ROUND))
        return True

    def end(self, grace: float) -> bool:
        """SIGTERM, the grace, SIGKILL until nobody is left. False: somebody could not be killed."""
        if self.reap():
            return True
        group = self._signal_group(signal.SIGTERM)
        told = {self.shell}
        until = time.monotonic() + grace
        while (rest := until - time.monotonic()) > 0 and not self.bell.asked:
            for child in self._children() - told:
                told.add(child)
                if not (group and self._in_group(child)):
                    send(child, signal.SIGTERM)
            if self.gone_within(min(rest, 0.1)):
                return True
        return self._kill()

    def _kill(self) -> bool:
        until = time.monotonic() + LAST
        while time.monotonic() < until:
            if self.adopts:
                for child in self._children():
                    send(child, signal.SIGKILL)
            else:
                self._signal_group(signal.SIGKILL)
            if self.gone_within(KILL_ROUND):
                return True
        return False

    def _children(self) -> set[int]:
        return children(os.getpid()) if self.adopts else set()

    def _in_group(self, child: int) -> bool:
        try:
            return os.getpgid(child) == self.shell
        except OSError:
            return False

    def _signal_group(self, number: int) -> bool:
        """False: the group is empty, or none of its members may be signalled."""
        try:
            os.killpg(self.shell, number)
        except OSError:
            return False
        return True


def send(child: int, number: int) -> None:
    try:
        os.kill(child, number)
    except OSError:
        pass  # another user's: whether it goes by itself is seen by who is left


def children(parent: int) -> set[int]:
    """The process ids of a single-threaded process's children."""
    try:
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as listed:
            return {int(word) for word in listed.read().split()}
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return {int(name) for name in os.listdir("/proc") if name.isdigit() and parent_of(name) == parent}


def parent_of(process: str) -> int | None:
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except OSError:
        return None


def adopt_orphans() -> bool:
    """Become the parent of every orphan below. False: not here, only the process group can be ended."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def watch(tree: Tree, parent: int) -> float | None:
    """Wait for the command's end: None. Before that the end was asked for, or nobody waits any more: the grace."""
    while not tree.bell.asked and os.getppid() == parent:
        tree.reap()
        if tree.ended:
            return None
        tree.bell.wait(PARENT_CHECK)
    return tree.bell.grace()


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
