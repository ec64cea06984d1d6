"""Opening and closing: configuration that makes no sense, clients made once, nothing left open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from botocore.exceptions import NoCredentialsError

from async_rollout.aws.calls import autoscaling
from async_rollout.aws.cloud import AwsCloud, Identity
from async_rollout.aws.session import Wire, _session, connect
from async_rollout.core.actions import Need, SetCapacity, Suspend
from async_rollout.engine.ports import Done, Refused
from async_rollout.errors import BrokenError, CredentialsError, UnseenError, UsageError
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.doors.http import environment
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.virtual import loop_clock, run_scaled, run_virtual


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No AWS configuration of this machine."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


async def opened(**how: Any) -> None:
    async with connect(**how):
        pass


def test_without_a_region_there_is_a_sentence_that_helps(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"--region.*AWS_DEFAULT_REGION"):
        run_virtual(opened)
    bare.setenv("AWS_DEFAULT_REGION", "eu-west-1")  # what it names helps
    run_virtual(opened)


@pytest.mark.parametrize("region", ["not a region", "eu_west_1", "-"])
def test_a_senseless_region_is_refused(bare: pytest.MonkeyPatch, region: str) -> None:
    with pytest.raises(UsageError, match="is no AWS region"):
        run_virtual(lambda: opened(region=region))


def test_an_unknown_profile_is_refused(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        run_virtual(lambda: opened(profile="nobody", region="eu-west-1"))
    bare.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsError, match="nobody"):
        run_virtual(lambda: opened())


def test_an_unreadable_configuration_is_refused(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile broken\nregion")
    with pytest.raises(CredentialsError, match="cannot be read"):
        run_virtual(opened)


def test_the_region_of_a_profile_counts(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile mine]\nregion = eu-central-2\n")
    run_virtual(lambda: opened(profile="mine"))


def test_missing_credentials_are_told_at_the_first_look(bare: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with connect(region="eu-west-1") as cloud:
            with pytest.raises(CredentialsError, match="Unable to locate credentials"):
                await cloud.look("web", frozenset(), anyio.current_time())

    run_virtual(main)


def test_a_service_is_opened_when_it_is_needed_and_once() -> None:
    class Counting:
        """A session that notes for which services clients are made."""

        def __init__(self, inner: Any) -> None:
            self.made: list[str] = []
            self._inner = inner
            self.region_name = inner.region_name

        @asynccontextmanager
        async def client(self, service: str, **how: Any) -> AsyncIterator[Any]:
            self.made.append(service)
            await anyio.sleep(0.3)  # as long as reading credentials may take
            async with self._inner.client(service, **how) as made:
                yield made

    async def main() -> tuple[list[str], list[str]]:
        sandbox = Sandbox("demo", clock=loop_clock())
        session = Counting(sandbox.session())
        async with connect(session=session) as cloud:
            await cloud.under_way()
            first = list(session.made)
            async with anyio.create_task_group() as tasks:
                for name in sandbox.world.state.groups:
                    tasks.start_soon(cloud.look, name, frozenset(Need), anyio.current_time())
        return first, session.made

    first, made = run_virtual(main)
    assert first == ["autoscaling"]
    assert sorted(made) == ["autoscaling", "ec2", "ecs", "elb", "elbv2"]


def test_a_closed_cloud_asks_nothing() -> None:
    async def main() -> None:
        sandbox = Sandbox("at-max", clock=loop_clock())
        async with connect(session=sandbox.session()) as cloud:
            pass
        with pytest.raises(BrokenError, match="closed"):
            await cloud.look("web", frozenset(), anyio.current_time())
        with pytest.raises(BrokenError, match="closed"):
            await cloud.act("web", Suspend(processes=("Launch",)))
        assert sandbox.world.calls.total() == 0

    run_virtual(main)


def test_the_clients_themselves_refuse_what_is_no_read() -> None:
    async def main() -> None:
        sandbox = Sandbox("at-max", clock=loop_clock())
        wire = Wire(sandbox.session(), region="eu-west-1", endpoint=None, readonly=True)
        await wire.send(autoscaling("DescribeAutoScalingGroups"))
        with pytest.raises(BrokenError, match="look only"):
            await wire.send(autoscaling("SetDesiredCapacity", AutoScalingGroupName="web", DesiredCapacity=3))
        await wire.close()
        assert dict(sandbox.world.calls) == {"autoscaling:DescribeAutoScalingGroups": 1}

    run_virtual(main)


def test_a_cloud_opened_to_look_only_changes_nothing() -> None:
    async def main() -> None:
        sandbox = Sandbox("at-max", clock=loop_clock())
        async with connect(session=sandbox.session(), readonly=True) as cloud:
            await cloud.look("web", frozenset(Need), anyio.current_time())
            with pytest.raises(BrokenError, match="look only"):
                await cloud.act("web", SetCapacity(desired=3))

    run_virtual(main)


def test_over_a_socket_with_an_endpoint_and_nothing_is_left_open(bare: pytest.MonkeyPatch) -> None:
    """Real sockets: a connection left open would be a ResourceWarning, and warnings are errors."""

    async def main() -> tuple[Any, Any, Any]:
        sandbox = Sandbox("at-max", clock=loop_clock())
        async with sandbox.serve() as endpoint:
            for name, value in environment(endpoint).items():
                if "ENDPOINT" not in name:
                    bare.setenv(name, value)
            async with connect(region="eu-west-1", endpoint=endpoint) as cloud:
                observation = await cloud.look("web", frozenset(Need), anyio.current_time())
                return observation, await cloud.act("web", Suspend(processes=("AZRebalance",))), await cloud.identity()

    observation, answer, identity = run_scaled(
        main, 5
    )  # loading the models takes real time, and a call's limit is virtual
    assert observation.health_seen
    assert len(observation.instances) == 3
    assert answer == Done()
    assert isinstance(identity, Identity)
    assert identity.account


def test_an_endpoint_that_is_down_is_unseen_and_an_act_not_done(bare: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        bare.setenv("AWS_ACCESS_KEY_ID", "x")
        bare.setenv("AWS_SECRET_ACCESS_KEY", "x")
        async with connect(region="eu-west-1", endpoint="http://127.0.0.1:9") as cloud:
            with pytest.raises(UnseenError, match=r"127\.0\.0\.1:9"):
                await cloud.look("web", frozenset(), anyio.current_time())
            answer = await cloud.act("web", SetCapacity(desired=3))
            assert isinstance(answer, Refused) and answer.passing
            assert cloud.calls["SetDesiredCapacity"] > 1

    run_scaled(main, 100)


def test_leaving_in_the_middle_of_a_look_ends_cleanly() -> None:
    async def main() -> float:
        sandbox = Sandbox("at-max", clock=loop_clock())
        with anyio.move_on_after(0.05):
            async with connect(session=sandbox.session()) as cloud:
                await cloud.look("web", frozenset(Need), anyio.current_time())
        return anyio.current_time()

    assert run_virtual(main) < 1


def test_a_look_that_outlives_its_cloud_is_told_so() -> None:
    async def main() -> float:
        sandbox = Sandbox("at-max", clock=loop_clock())
        sandbox.faults.add(Fault(kind=FaultKind.DELAY, seconds=600))

        async def ask(cloud: AwsCloud) -> None:
            with pytest.raises(BrokenError, match="closed"):
                await cloud.look("web", frozenset(Need), anyio.current_time())

        async with anyio.create_task_group() as tasks, connect(session=sandbox.session()) as cloud:
            tasks.start_soon(ask, cloud)
            await anyio.sleep(1)
        return anyio.current_time()

    assert run_virtual(main) == pytest.approx(1.0)


class Holder:
    """A session with these credentials."""

    region_name = "eu-west-1"

    def __init__(self, credentials: object) -> None:
        self._credentials = credentials

    async def get_credentials(self) -> object:
        if isinstance(self._credentials, Exception):
            raise self._credentials
        return self._credentials


@pytest.mark.parametrize(
    ("credentials", "ends"),
    [
        (SimpleNamespace(_expiry_time=datetime(2026, 1, 5, 8, tzinfo=UTC)), 1_767_600_000.0),
        (SimpleNamespace(_expiry_time=None), None),
        (SimpleNamespace(access_key="a"), None),
        (None, None),
        (NoCredentialsError(), None),
    ],
)
def test_when_the_credentials_end_is_told_where_it_is_known(credentials: object, ends: float | None) -> None:
    wire = Wire(Holder(credentials), region="eu-west-1", endpoint=None, readonly=True)
    assert run_virtual(wire.expires_at) == ends


def test_clouds_share_the_models_of_the_services(bare: pytest.MonkeyPatch) -> None:
    one, other = (_session(None)._session.get_component("data_loader") for _ in range(2))
    assert one is other
    bare.setenv("AWS_DATA_PATH", "/elsewhere")
    assert _session(None)._session.get_component("data_loader") is not one
