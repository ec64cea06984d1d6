"""How much is tested is what is run, and the table of requests has what is tried: each way to roll, adding up."""

from __future__ import annotations

import ast
import re

from support.bench.bad_ones import WAYS as RELEASED
from support.bench.ecs_costs import WAYS as HOSTED
from support.pages import README, ROOT, page, part, rows
from support.traffic.ways import WAYS

TEXT = " ".join(part(page("figures"), "figures").split())


def profile(name: str) -> dict[str, int]:
    """One of the profiles of `tests/storm/run.py`, as it is written there."""
    tree = ast.parse((ROOT / "tests/storm/run.py").read_text(encoding="utf-8"))
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    counts: dict[str, int] = ast.literal_eval(assigned[name])
    return counts


def numbers(pattern: str) -> list[int]:
    found = re.search(pattern, TEXT)
    assert found, pattern
    return [int(number.replace(",", "")) for number in found.groups()]


def test_the_storms_are_as_many_as_are_run() -> None:
    short = numbers(
        r"runs ([\d,]+) storms whose faults never stop, ([\d,]+) whose faults stop, ([\d,]+) through the real AWS"
        r" layer, and of runs whose launches AWS answers ([\d,]+), ([\d,]+) and ([\d,]+) more,"
        r" ([\d,]+) of releases that fail, ([\d,]+) and ([\d,]+) of runs that set theirs, ([\d,]+) and ([\d,]+) of"
        r" groups that scale meanwhile, ([\d,]+) in which EC2 ends instances, ([\d,]+), ([\d,]+) and ([\d,]+) of hosts"
        r" of ECS tasks"
    )
    assert short == list(profile("CI").values())
    long = numbers(
        r"`\.ci/run --long`: ([\d,]+), ([\d,]+) and ([\d,]+) storms, and of runs whose launches AWS answers"
        r" ([\d,]+), ([\d,]+) and ([\d,]+) more, ([\d,]+) of releases that fail, ([\d,]+) and ([\d,]+) of runs that set"
        r" theirs, ([\d,]+) and ([\d,]+) of groups that scale meanwhile, ([\d,]+) in which EC2 ends instances,"
        r" ([\d,]+), ([\d,]+) and ([\d,]+) of hosts of ECS tasks"
    )
    assert long == list(profile("LONG").values())


def test_each_way_to_roll_has_its_requests_and_ours_failed_none_of_a_hundred_thousand() -> None:
    table = rows(part(page("figures"), "requests"))
    assert [cells[0] for cells in table] == [title for title, _ in WAYS.values()]
    for _, requests, failed, *kinds, _, _, _ in table:
        assert int(failed.replace(",", "")) == sum(int(kind.replace(",", "")) for kind in kinds)
        assert int(requests.replace(",", "")) > 0
    requests, failed = table[0][1:3]
    assert int(requests.replace(",", "")) >= 100_000 and failed == "0"
    assert f"{requests} requests" in README.read_text(encoding="utf-8")


def test_each_way_to_roll_has_what_releases_that_fail_cost_and_ours_always_ends() -> None:
    table = rows(part(page("figures"), "releases"))
    assert [cells[0] for cells in table] == list(RELEASED)
    for size, never in ((1, 4), (5, 8)):
        lost = [int(cells[size].removesuffix(" %")) for cells in table]
        assert lost[0] == min(lost)
        assert table[0][never].startswith("0 of ")


def test_each_way_to_roll_hosts_of_ecs_has_its_figures_and_ours_ended_no_task() -> None:
    tables = {name: rows(part(page("figures"), name)) for name in ("ecs", "ecs-release", "ecs-stuck")}
    for table in tables.values():
        assert [cells[0] for cells in table] == list(HOSTED)
    ours = [name.startswith("async-rollout") for name in HOSTED].count(True)
    assert {cells[place] for cells in tables["ecs"][:ours] for place in (3, 6)} == {"0, 0"}
    for name in ("ecs-release", "ecs-stuck"):
        assert {cells[place] for cells in tables[name][:ours] for place in (2, 6)} == {"0"}
    assert {cells[place] for cells in tables["ecs-release"][:ours] for place in (1, 5)} <= {"0", "1"}
