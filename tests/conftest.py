"""What all tests share: Hypothesis profiles, and the folders whose plain modules tests import by name."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile("dev", max_examples=60, deadline=None, suppress_health_check=QUIET)
settings.register_profile("ci", max_examples=100, deadline=None, suppress_health_check=QUIET, derandomize=True)
settings.register_profile("explore", max_examples=5_000, deadline=None, suppress_health_check=QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

# Begun in the background or under nohup, these are ignored, and what the tests start would not hear them either.
for _number, _heard in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _heard)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-walkthrough", action="store_true", help="write the walkthrough of the pages anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `deep` or `long` runs where it is asked for."""
    if not config.option.markexpr:
        for item in items:
            for mark in item.iter_markers():
                if mark.name in ("deep", "long"):
                    item.add_marker(pytest.mark.skip(reason=f"asked for by -m {mark.name}"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are cores: many tests wait for real processes."""
    return 2 + (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Who is done takes over from others: slow tests stand side by side, and one worker would get them all."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)
