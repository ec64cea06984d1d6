"""What is said of tasks that can never move, against a small scheduler that tries every way in which they might.

ECS stops a task while enough of the others run, and starts one while few enough run, and where a host has a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.aws.traffic.ecs.room import Hosts, cramped
from async_rollout.aws.traffic.ecs.work import Service, Task

State = tuple[int, int]
"""Tasks of one service on hosts that drain, and elsewhere."""


@dataclass(frozen=True)
class Scheduler:
    """places: for tasks elsewhere. Percentages are kept as fractions: nothing here rounds."""

    desired: int
    low: int
    high: int
    places: int

    def moves(self, state: State) -> Iterator[State]:
        draining, elsewhere = state
        running = draining + elsewhere
        if draining and running - 1 >= Fraction(self.desired * self.low, 100):
            yield draining - 1, elsewhere
        if elsewhere < self.places and running + 1 <= Fraction(self.desired * self.high, 100):
            yield draining, elsewhere + 1

    def reached(self, start: State) -> set[State]:
        found, open = {start}, [start]
        while open:
            for state in self.moves(open.pop()):
                if state not in found:
                    found.add(state)
                    open.append(state)
        return found

    def always_drains(self, start: State) -> bool:
        """Whatever it does first, it can go on until nothing is left on hosts that drain."""
        return all(any(not draining for draining, _ in self.reached(state)) for state in self.reached(start))


percents = st.tuples(
    st.integers(0, 100) | st.sampled_from([0, 50, 66, 67, 99, 100]),
    st.integers(100, 250) | st.sampled_from([100, 101, 110, 133, 134, 150, 199, 200]),
)


def service_of(desired: int, low: int, high: int, *, distinct: bool = False) -> Service:
    return Service(name="web", desired=desired, minimum_percent=low, maximum_percent=high, distinct=distinct)


@given(desired=st.integers(0, 12), percents=percents)
def test_a_service_is_stuck_exactly_when_no_task_of_it_can_move(desired: int, percents: tuple[int, int]) -> None:
    scheduler = Scheduler(desired, *percents, places=3 * desired)
    at_rest = (desired, 0)
    still = desired > 0 and scheduler.reached(at_rest) == {at_rest}
    assert service_of(desired, *percents).stuck is still
    if not still:
        assert scheduler.always_drains(at_rest)


@given(desired=st.integers(1, 12), percents=percents)
def test_a_service_that_nothing_keeps_running_is_one_that_may_stop_altogether(
    desired: int, percents: tuple[int, int]
) -> None:
    fewest = min(sum(state) for state in Scheduler(desired, *percents, places=0).reached((desired, 0)))
    service = service_of(desired, *percents)
    assert fewest == min(service.least, desired)
    assert (service.least == 0) is (fewest == 0)


@given(desired=st.integers(1, 12), percents=percents)
def test_the_percentages_that_are_advised_are_the_nearest_by_which_a_task_moves(
    desired: int, percents: tuple[int, int]
) -> None:
    low, high = service_of(desired, *percents).moving_percents
    assert service_of(desired, 100, high - 1).stuck
    assert not service_of(desired, 100, high).stuck
    assert service_of(desired, low + 1, 100).stuck
    assert not service_of(desired, low, 100).stuck
    assert 0 <= low < 100 < high <= 200


@pytest.mark.parametrize(
    ("desired", "low", "high", "stuck"),
    [
        (3, 100, 100, True),
        (1, 100, 199, True),
        (1, 100, 200, False),
        (1, 50, 100, True),
        (1, 0, 100, False),
        (3, 100, 110, True),
        (3, 100, 133, True),
        (3, 100, 134, False),
        (3, 67, 100, True),
        (3, 66, 100, False),
        (10, 100, 110, False),
        (0, 100, 100, False),
    ],
)
def test_services_that_are_stuck(desired: int, low: int, high: int, stuck: bool) -> None:
    assert service_of(desired, low, high).stuck is stuck


@dataclass(frozen=True)
class Batch:
    """Hosts that drain together. old, others: hosts of the cluster. surge: newcomers that came first for some."""

    old: int
    others: int
    surge: int
    unavailable: int

    @property
    def placements(self) -> int:
        return self.old + self.others

    @property
    def drains(self) -> int:
        return self.surge + self.unavailable

    @property
    def stays(self) -> int:
        return self.placements - self.drains


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    old = draw(st.integers(1, 6))
    surge = draw(st.integers(0, old))
    unavailable = draw(st.integers(0 if surge else 1, old - surge)) if surge < old else 0
    return Batch(old=old, others=draw(st.integers(0, 3)), surge=surge, unavailable=unavailable)


@given(batch=batches(), desired=st.integers(1, 10), percents=percents)
def test_a_service_is_cramped_exactly_when_there_is_a_batch_that_never_drains(
    batch: Batch, desired: int, percents: tuple[int, int]
) -> None:
    service = service_of(desired, *percents, distinct=True)
    hosts = Hosts(
        cluster="prod",
        old={f"o{number}": f"i-{number}" for number in range(batch.old)},
        others=frozenset(f"x{number}" for number in range(batch.others)),
    )
    found = cramped(hosts, (), [service], service, batch.unavailable)
    scheduler = Scheduler(desired, *percents, places=batch.stays + batch.surge)
    running = min(desired, batch.placements)
    placed = [(on, running - on) for on in range(min(batch.drains, running) + 1) if running - on <= batch.stays]
    assert placed
    if found is not None:
        assert not all(scheduler.always_drains(start) for start in placed)
    elif not service.stuck:
        assert all(scheduler.always_drains(start) for start in placed)


HOSTS = Hosts(cluster="prod", old={"a": "i-a", "b": "i-b", "c": "i-c"}, others=frozenset({"d"}))


def six(desired: int, low: int = 100, **fields: object) -> Service:
    return Service(name="web", desired=desired, minimum_percent=low, fixed_ports=frozenset({80}), **fields)


@pytest.mark.parametrize(
    ("desired", "low", "unavailable", "ends"),
    [
        (3, 100, 1, None),
        (4, 100, 0, None),
        (4, 76, 1, "let newcomers come first (--max-surge 1 or more, --max-unavailable 0), or lower "
            "minimumHealthyPercent to 75 or less"),
        (4, 75, 1, None),
        (3, 100, 2, "--max-unavailable 1 or less, or lower minimumHealthyPercent to 66 or less"),
        (5, 100, 0, "add 1 host that can take it, or lower its desired count to 4, or lower minimumHealthyPercent to "
            "80 or less"),
        (9, 67, 0, "add 3 hosts that can take it, or lower its desired count to 4, or lower minimumHealthyPercent to "
            "44 or less"),
        (9, 0, 3, None),
        (1, 100, 9, None),
    ],
)  # fmt: skip
def test_the_remedy_for_too_few_hosts(desired: int, low: int, unavailable: int, ends: str | None) -> None:
    service = six(desired, low)
    found = cramped(HOSTS, (), [service], service, unavailable)
    assert (found or "").rpartition("leave its host: ")[2] == (ends or "")


def test_no_percentage_helps_where_no_host_is_left() -> None:
    service = six(1)
    alone = Hosts(cluster="prod", old={"a": "i-a"})
    assert (cramped(alone, (), [service], service, 1) or "").endswith("(--max-surge 1 or more, --max-unavailable 0)")


@pytest.mark.parametrize(
    ("holder", "hinders"),
    [
        (Task(arn="t", host="d", service="web"), False),
        (Task(arn="t", host="d", service="proxy"), True),
        (Task(arn="t", host="d", service="api"), False),
        (Task(arn="t", host="d", ports=frozenset({80})), True),
        (Task(arn="t", host="d", ports=frozenset({81})), False),
        (Task(arn="t", host="elsewhere", service="proxy"), False),
    ],
)
def test_a_host_on_which_another_holds_the_port_is_no_room(holder: Task, hinders: bool) -> None:
    service, proxy = six(4), Service(name="proxy", fixed_ports=frozenset({80, 443}))
    assert (cramped(HOSTS, [holder], [service, proxy, Service(name="api")], service, 0) is not None) is hinders


def test_tasks_that_may_share_a_host_always_find_room() -> None:
    assert cramped(HOSTS, (), (), Service(name="web", desired=50), 3) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"distinct": True}, "(distinctInstance)"),
        ({"fixed_ports": frozenset({443, 80})}, "(fixed host port 80, 443)"),
        ({"fixed_ports": frozenset({80}), "distinct": True}, "(fixed host port 80 and distinctInstance)"),
    ],
)
def test_why_each_task_needs_a_host_of_its_own(fields: dict[str, object], reason: str) -> None:
    service = Service(name="web", desired=4, **fields)
    assert reason in (cramped(HOSTS, (), [service], service, 1) or "")
