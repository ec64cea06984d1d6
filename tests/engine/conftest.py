"""Whoever starts real processes says `usefixtures("nothing_is_left")`."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_rollout.engine.process import GUARD

MEASURED = """
import os, runpy, sys
sys.path.append({where!r})
pretended, sys.platform = sys.platform, {platform!r}
import coverage
sys.platform = pretended
measured = coverage.Coverage(config_file=False, branch=True, include=[{guard!r}], data_file={data!r}, data_suffix=True)
measured._warn = lambda *_, **__: None
measured.start()
leave = os._exit
def saved(status):
    measured.stop()
    measured.save()
    leave(status)
os._exit = saved
sys.argv[0] = {guard!r}
runpy.run_path({guard!r}, run_name="__main__")
"""
"""The guard starts without site-packages, and leaves by os._exit: coverage's own ways into a child do not reach it."""


@pytest.fixture(scope="session")
def guard_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guard to start; where the tests are measured, one that measures itself as well."""
    coverage = importlib.util.find_spec("coverage")
    current = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if current is None or coverage is None or coverage.origin is None:
        return GUARD
    where, data = str(Path(coverage.origin).parents[1]), str(Path(current.config.data_file).absolute())
    stub = tmp_path_factory.mktemp("guard") / "guard.py"
    stub.write_text(MEASURED.format(where=where, data=data, guard=str(GUARD), platform=sys.platform))
    return stub


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """No open file and no child more than before."""
    before = len(os.listdir("/dev/fd"))
    yield
    assert len(os.listdir("/dev/fd")) <= before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def a_dead_pid() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    return process.pid
