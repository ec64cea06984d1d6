"""What a group launches from: read as AWS spells it, asked whether it is there, set; and a policy read past the pin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
import pytest

from async_rollout.aws import act
from async_rollout.aws.calls import Call
from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.raw import whole_policies
from async_rollout.aws.session import connect
from async_rollout.core.actions import SetTemplate, VersionOf
from async_rollout.core.observation import Observation
from async_rollout.core.spec import LaunchCall
from async_rollout.engine.ports import Done, Refused
from async_rollout.sandbox.doors.answers.settings import keep, kept
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Override, TemplateRef
from async_rollout.sandbox.templates import PERMITS
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled
from support.switches import SET, launches_from, pinned

TYPES = (Override(instance_type="t3.micro"), Override(instance_type="t3.small"))


def played(
    story: Callable[[World, AwsCloud], Awaitable[None]],
    *rules: Fault,
    change: Callable[[Group], Group] = lambda one: one,
) -> None:
    """A story on the wire: botocore's own client, as it is pinned."""

    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, edit=change)
        async with connect(session=session(world, Faults(world, rules)), jitter=lambda: 0.5) as cloud:
            await story(world, cloud)

    run_virtual(main)


async def look(cloud: AwsCloud, *wanted: str) -> Observation:
    return await cloud.look("web", frozenset(map(VersionOf, wanted)), anyio.current_time())


def template_of(world: World) -> TemplateRef:
    template = world.group("web").template
    assert template is not None
    return template


def mixed(group: Group) -> Group:
    return replace(group, overrides=TYPES, spot=30)


@pytest.mark.parametrize("version", [None, "$Default", "$Latest", "1"])
def test_it_is_spelled_as_aws_spells_it(version: str | None) -> None:
    async def story(world: World, cloud: AwsCloud) -> None:
        ref = template_of(world)
        world.human_edits("web", lambda group: replace(group, template=replace(ref, version=version)))
        seen = await look(cloud)
        assert seen.group.spelled == f"{ref.id}:{version or ''}"
        assert not seen.group.policy and not seen.group.own_templates

    played(story)


def test_what_could_be_launched_from_is_asked_for() -> None:
    async def story(world: World, cloud: AwsCloud) -> None:
        world.put_configuration("web-7")
        id = template_of(world).id
        seen = await look(cloud, "", "1", "9", "$Latest", "lc:web-7", "lc:web-8")
        assert seen.versions == {
            "": f"{id}:2", "1": f"{id}:1", "9": "", "$Latest": f"{id}:2", "lc:web-7": "lc:web-7", "lc:web-8": "",
        }  # fmt: skip

    played(story)


def test_one_is_set_and_set_back() -> None:
    async def story(world: World, cloud: AwsCloud) -> None:
        world.put_configuration("web-7")
        id, before = template_of(world).id, (await look(cloud)).group.spelled
        for spelled in (f"{id}:1", f"{id}:$Latest", "lc:web-7", before):
            assert await cloud.act("web", SetTemplate(spelled=spelled)) == Done()
            assert (await look(cloud)).group.spelled == spelled
        answer = await cloud.act("web", SetTemplate(spelled=f"{id}:9"))
        assert isinstance(answer, Refused) and not answer.denied

    played(story)


def test_of_a_mixed_policy_the_template_alone_is_sent_and_the_rest_is_the_same_after() -> None:
    """Members that the pin does not know are still there, and are seen to be."""

    async def story(world: World, cloud: AwsCloud) -> None:
        segments = {"DistributionSegments": [{"TargetCapacityTypes": ["capacity-block", "on-demand"]}]}
        world.human_edits("web", lambda group: keep(group, "InstancesDistribution", segments))
        before = await look(cloud)
        assert await cloud.act("web", SetTemplate(spelled=f"{template_of(world).id}:1", mixed=True)) == Done()
        after = await look(cloud)
        assert (before.group.policy, before.group.template) != ("", after.group.template)
        assert after.group.policy == before.group.policy
        world.human_edits("web", lambda group: keep(group, "InstancesDistribution", None))
        assert (await look(cloud)).group.policy != before.group.policy

    played(story, change=mixed)


def test_templates_of_overrides_are_told() -> None:
    async def story(world: World, cloud: AwsCloud) -> None:
        own = replace(TYPES[0], template=template_of(world))
        world.human_edits("web", lambda group: replace(group, overrides=(own, TYPES[1])))
        assert (await look(cloud)).group.own_templates

    played(story, change=mixed)


@pytest.mark.parametrize("permit", PERMITS)
def test_who_may_not_use_the_template_is_denied_and_nothing_is_changed(permit: str) -> None:
    async def story(world: World, cloud: AwsCloud) -> None:
        before = world.group("web")
        answer = await cloud.act("web", SetTemplate(spelled=f"{template_of(world).id}:1"))
        assert isinstance(answer, Refused) and answer.denied and "not authorized" in answer.message
        assert world.group("web") == before

    played(story, Fault(kind=FaultKind.DENIED, action=f"^{permit}$"))


def test_the_order_in_which_aws_lists_a_policy_means_nothing_and_all_else_of_it_does() -> None:
    def told(policy: str) -> str:
        name = "<AutoScalingGroupName>web</AutoScalingGroupName>"
        member = f"<member>{name}<MixedInstancesPolicy>{policy}</MixedInstancesPolicy></member>"
        return whole_policies(f"<R xmlns='urn:x'><Groups>{member}</Groups></R>".encode())["web"]

    def policy(*types: str, version: str = "1", newer: str = "") -> str:
        spec = f"<LaunchTemplateSpecification><Version>{version}</Version></LaunchTemplateSpecification>"
        rows = "".join(f"<member><InstanceType>{one}</InstanceType></member>" for one in types)
        return f"<LaunchTemplate>{spec}<Overrides>{rows}</Overrides></LaunchTemplate>{newer}"

    one = told(policy("a", "b"))
    assert told(policy("b", "a")) == told(policy("a", "b", version="2")) == one
    assert len({one, told(policy("a")), told(policy("a", "c")), told(policy("a", "b", newer="<New>1</New>"))}) == 4


def test_an_answer_that_is_no_xml_holds_no_policy() -> None:
    assert whole_policies(b"<html>MixedInstancesPolicy") == {}


def test_a_rollout_over_the_wire_keeps_what_its_own_client_is_blind_to() -> None:
    world, result = rolled(segmented, replace(SET, launch=LaunchCall.DESIRED))
    assert result.verdict.code == 0, result.verdict
    assert kept(world.group("web"), "InstancesDistribution") == SEGMENTS and launches_from(world) == "2"


def test_a_client_that_sends_back_what_it_saw_is_caught_and_it_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of a tool that reads a policy, changes the version in it, and writes it: what it read is not all."""
    real = act._launching_from

    def echoing(group: str, action: SetTemplate) -> Call:
        call = real(group, action)
        seen = {"OnDemandBaseCapacity": 0, "OnDemandPercentageAboveBaseCapacity": 100}
        policy = {**call.params["MixedInstancesPolicy"], "InstancesDistribution": seen}
        return replace(call, params={**call.params, "MixedInstancesPolicy": policy})

    monkeypatch.setattr(act, "_launching_from", echoing)
    world, result = rolled(segmented, SET)
    assert result.verdict.code == 1 and "more of the mixed instances policy has changed" in result.verdict.why
    assert launches_from(world) == "1" and not any(one.what is What.TERMINATE for one in world.record)


SEGMENTS = {"DistributionSegments": [{"TargetCapacityTypes": ["capacity-block", "on-demand"]}]}


def segmented(world: World) -> None:
    pinned(world, size=1)
    world.human_edits("web", lambda group: keep(replace(group, overrides=TYPES), "InstancesDistribution", SEGMENTS))
