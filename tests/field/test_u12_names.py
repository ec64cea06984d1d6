"""A wrong name is met with those near it; a pattern means the groups there are, and says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from async_rollout.cli.naming import groups_of, matched, near
from async_rollout.errors import UnknownGroupError
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from support.quick import desks

THERE = ("api", "web-blue", "web-green", "web-*")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("api", ("api",)),
        ("web-*", ("web-*",)),
        ("web-b*", ("web-blue",)),
        ("*-*e*", ("web-blue", "web-green")),
        ("*", ("api", "web-*", "web-blue", "web-green")),
        ("WEB-*", ()),
        ("web-[bg]*", ()),
        ("web-?lue", ()),
    ],
)
def test_u12_a_star_is_all_that_is_not_itself_and_an_exact_name_wins(typed: str, meant: tuple[str, ...]) -> None:
    assert matched(typed, THERE) == meant


def test_u12_near_names() -> None:
    assert near(["wbe-blue"], THERE) == " (near wbe-blue: web-blue)"
    assert near(["WEB-BLUE"], THERE).startswith(" (near WEB-BLUE: web-blue")
    assert near(["billing"], THERE) == ""


class Ear:
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, *lines: str) -> None:
        self.said += lines


class Region:
    """More groups than one page of AWS's list holds."""

    def __init__(self) -> None:
        self.ear = Ear()

    def told(self, *typed: str) -> tuple[tuple[str, ...], Any]:
        async def story() -> tuple[tuple[str, ...], Any]:
            from async_rollout.aws.session import connect

            box = Sandbox("size-0", clock=loop_clock())
            for number in range(130):
                a_group(box.world, name=f"web-{number:03}", size=1, classic=0, target_groups=0, zones=1)
            async with connect(session=box.session()) as cloud:
                async with groups_of(cloud, self.ear, typed) as names:  # type: ignore[arg-type]
                    for name in names:
                        await cloud.glance(name)
                return names, cloud.calls

        return run_virtual(story)


def test_u12_patterns_over_the_wire() -> None:
    region = Region()
    names, _ = region.told("web-12*", "web-001", "web-120")
    assert names == (*(f"web-12{number}" for number in range(10)), "web-001")
    assert region.ear.said[0].startswith("web-12* is 10 groups: web-120, web-121")
    names, calls = Region().told("web-001")
    assert calls["DescribeAutoScalingGroups"] == 1, "names are not listed where all are exact and there"


def test_u12_a_pattern_without_a_match_and_a_wrong_name_are_refused() -> None:
    with pytest.raises(UnknownGroupError, match=r"no group matches wbe-\*.*near"):
        Region().told("wbe-*")
    with pytest.raises(UnknownGroupError, match=r"wbe-129.*near wbe-129: web-129"):
        Region().told("wbe-129")


def test_u12_as_it_is_typed(tmp_path: Path) -> None:
    with desks(3, tmp_path) as (desk, *_):
        for verb in ("run", "plan", "status", "restore"):
            done = desk.ended(verb, "-a", "quikc-001")
            assert done.returncode == 3
            assert "near quikc-001: quick-001" in done.stderr
        shown = desk.ended("plan", "-a", "quick-*", "--output", "json")
        assert shown.returncode == 0 and shown.stdout.count('"type": "plan"') == 3
        assert "quick-* is 3 groups: quick-000, quick-001, quick-002" in shown.stderr
        refused = desk.ended("run", "-a", "nothing-*")
        assert refused.returncode == 3 and "no group matches nothing-*" in refused.stderr
