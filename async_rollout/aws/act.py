"""One action into its calls, and AWS's word on them into an answer. The only file that changes anything.

Every call but three is absolute. Terminate and EnterStandby are not: what may have been done is never sent again
(`throttle.ONCE`). Nor is a launch, but its token makes the same again do nothing more (`launch_call.LAUNCH`). Sizes and
what is launched from are absolute and not sent again either, since others set them too (`throttle.SIZE`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import assert_never

from async_rollout.aws.calls import Call, autoscaling
from async_rollout.aws.faults import CallFailedError, Fault, FaultKind
from async_rollout.aws.launch_call import LAUNCH, launch_call, launched
from async_rollout.aws.moves import Moves, Place, moves
from async_rollout.aws.single_flight import Flights, chunks
from async_rollout.aws.tagging import TAGS_PER_CALL, Tagging
from async_rollout.aws.throttle import ONCE, SAME, SIZE, Patience, Throttle
from async_rollout.aws.together import Part, together
from async_rollout.aws.way import Way
from async_rollout.core.actions import (
    CloudAction,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    MarkHealthy,
    Order,
    Probe,
    Record,
    Register,
    Resume,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)
from async_rollout.core.journal import Journal
from async_rollout.core.tags import ORDER, PREFIX, PROBE, safe, to_tags
from async_rollout.engine.clocks import Young
from async_rollout.engine.ports import Answer, Done, Late, Refused, Unknown, Urgency
from async_rollout.errors import BrokenError

STALE_MAX, CROWDED = 16, 30
"""Tags of ended departures are taken off so many at a time, sooner where the group's fifty are half used."""
HEAD_KEYS = tuple(f"{PREFIX}{part}" for part in ("order", "cause", "found", "holder", "head"))
"""Tags that may be there whether a look showed them or not. Erased last, the head last of all."""


class Acts:
    """All changes of one cloud. It remembers which tags of ours each group has, from looks and its own writes.

    window: seconds in which writes of several groups are gathered. place_of: of a group and one of its sources.
    """

    def __init__(
        self, throttle: Throttle, flights: Flights, window: Callable[[], float], place_of: Callable[[str, str], Place]
    ) -> None:
        self._place_of = place_of
        self._throttle = throttle
        self._tagging = Tagging(throttle, flights, lambda failed: answer_to(failed.fault), window)
        self._ours: dict[str, frozenset[str]] = {}
        self._held: dict[str, int] = {}

    def saw(self, group: str, tags: Iterable[str]) -> None:
        """The tag keys that a look showed."""
        keys = frozenset(tags)
        self._ours[group] = frozenset(key for key in keys if key.startswith(PREFIX))
        self._held[group] = sum(not key.startswith("aws:") for key in keys)

    async def do(self, group: str, action: CloudAction, young: Young, urgency: Urgency) -> Answer:
        """Do one action: see `engine.ports.GroupCloud.act`."""
        way = Way(group, young, urgency)
        answer = await self._done(way, action)
        return Unknown(why="the rest of it was not sent") if isinstance(answer, Late) and way.begun else answer

    async def _done(self, way: Way, action: CloudAction) -> Answer:
        name = {"AutoScalingGroupName": way.group}
        match action:
            case Record(journal=journal):
                return await self._record(way, journal)
            case Erase():
                return await self._erase(way)
            case Order(text=text):
                return await (
                    self._delete(way, [ORDER]) if text is None else self._write(way, {ORDER: safe(text, 256)})
                )
            case Probe(run=run, at=at, present=present):
                key = f"{PROBE}{run}"
                return await (self._write(way, {key: str(at)}) if present else self._delete(way, [key]))
            case Suspend(processes=processes):
                return await self._send(way, autoscaling("SuspendProcesses", **name, **_some(processes)))
            case Resume(processes=processes):
                return await self._send(way, autoscaling("ResumeProcesses", **name, **_some(processes)))
            case SetCapacity():
                return await self._send(way, _capacity(way.group, action), SIZE)
            case SetTemplate():
                return await self._send(way, _launching_from(way.group, action), SIZE)
            case SetSizes(minimum=low, desired=size, maximum=high):
                sizes = {"MinSize": low, "DesiredCapacity": size, "MaxSize": high}
                return await self._send(way, autoscaling("UpdateAutoScalingGroup", **name, **sizes), SIZE)
            case Launch():
                return await self._launch(way, launch_call(way.group, action))
            case Deregister() | Register():
                return await self._moved(way, moves(action, partial(self._place_of, way.group)))
            case MarkHealthy(instances=ids):
                return await self._each(self._send, way, [_healthy(id) for id in ids])
            case Terminate():
                return await self._send(way, _terminate(action), ONCE)
            case EnterStandby(instance=id):
                aside = {"InstanceIds": [id], "ShouldDecrementDesiredCapacity": True}
                return await self._send(way, autoscaling("EnterStandby", **name, **aside), ONCE)
            case _:
                assert_never(action)

    async def _record(self, way: Way, journal: Journal) -> Answer:
        """Write the record; now and then clear departures that it no longer names: old ones do no harm."""
        tags = to_tags(journal)
        answer = await self._write(way, tags)
        stale = self._ours.get(way.group, frozenset()) - tags.keys() - {ORDER}
        few = len(stale) < (STALE_MAX if self._held.get(way.group, 0) <= CROWDED else 1)
        if not isinstance(answer, Done) or few:
            return answer
        await self._delete(way, sorted(stale))  # what stays is harmless: the record itself is written
        return answer

    async def _erase(self, way: Way) -> Answer:
        seen = self._ours.get(way.group, frozenset())
        return await self._delete(way, [*sorted(seen - set(HEAD_KEYS)), *HEAD_KEYS])

    async def _write(self, way: Way, tags: dict[str, str]) -> Answer:
        group = way.group
        rows = [_tag(group, key, Value=value, PropagateAtLaunch=False) for key, value in tags.items()]
        for chunk in chunks(rows, TAGS_PER_CALL):
            answer = way.noted(await self._tagging.put(way, chunk))
            if isinstance(answer, Done | Unknown):
                self._ours[group] = self._ours.get(group, frozenset()) | {str(row["Key"]) for row in chunk}
            if not isinstance(answer, Done):
                return answer
        return Done()

    async def _delete(self, way: Way, keys: Sequence[str]) -> Answer:
        group = way.group
        for chunk in chunks(keys, TAGS_PER_CALL):
            answer = await self._send(way, autoscaling("DeleteTags", Tags=[_tag(group, key) for key in chunk]))
            if not isinstance(answer, Done):
                return answer
            self._ours[group] = self._ours.get(group, frozenset()) - set(chunk)
        return Done()

    async def _each(self, send: Callable[[Way, Call], Awaitable[Answer]], way: Way, calls: Sequence[Call]) -> Answer:
        """All at once; the worst answer counts, since the act is done only if all of it is."""
        parts = [Part(partial(send, way, call)) for call in calls]
        await together(*parts)
        return max((part.value for part in parts), key=_badness, default=Done())

    async def _moved(self, way: Way, all: Moves) -> Answer:
        """Round by round, as far as each is taken. Whom no look has found yet, the next may find."""
        for calls in all.rounds:
            answer = await self._each(self._move, way, calls)
            if not isinstance(answer, Done):
                return answer
        names = ", ".join(f"{one.instance} at {one.source}" for one in all.unknown)
        return Refused(code="NotListed", message=f"no handle of {names}", passing=True) if names else Done()

    async def _move(self, way: Way, call: Call) -> Answer:
        """In or out of a source; where that is no more nothing is left to be done of it, and the next look shows so."""
        try:
            await self._throttle.ask(way.of(call), SAME)
        except CallFailedError as failed:
            return way.noted(Done() if failed.not_found else answer_to(failed.fault))
        return way.noted(Done())

    async def _launch(self, way: Way, call: Call) -> Answer:
        """The one act whose reply says more than that it was taken."""
        try:
            reply = await self._throttle.ask(way.of(call), LAUNCH)
        except CallFailedError as failed:
            return way.noted(answer_to(failed.fault))
        return way.noted(launched(reply.body))

    async def _send(self, way: Way, call: Call, patience: Patience = SAME) -> Answer:
        try:
            await self._throttle.ask(way.of(call), patience)
        except CallFailedError as failed:
            return way.noted(answer_to(failed.fault))
        return way.noted(Done())


def answer_to(fault: Fault) -> Answer:
    """What a fault means for an act: refused where AWS surely did nothing of it and said so, else unknown."""
    match fault.kind:
        case FaultKind.DENIED:
            return Refused(code=fault.code, message=fault.words, denied=True)
        case FaultKind.REFUSED:
            return Refused(code=fault.code, message=fault.words)
        case FaultKind.BUSY | FaultKind.UNSENT | FaultKind.CONTENDED:
            return Refused(code=fault.code, message=fault.words, passing=True)
        case FaultKind.LOST:
            return Unknown(why=f"{fault.code}: {fault.words}")
        case FaultKind.LATE:
            return Late()
        case _:
            assert_never(fault.kind)


def _badness(answer: Answer) -> int:
    match answer:
        case Done():
            return 0
        case Unknown() | Late():
            return 1
        case Refused(denied=denied):
            return 3 if denied else 2
        case _:
            assert_never(answer)


def _some(processes: tuple[str, ...]) -> dict[str, list[str]]:
    if not processes:
        raise BrokenError("an empty list of processes: AWS would take that for all of them")
    return {"ScalingProcesses": list(processes)}


def _capacity(group: str, action: SetCapacity) -> Call:
    match action:
        case SetCapacity(desired=int(desired), maximum=None):
            sizes = {"DesiredCapacity": desired, "HonorCooldown": False}
            return autoscaling("SetDesiredCapacity", AutoScalingGroupName=group, **sizes)
        case SetCapacity(desired=None, maximum=int(maximum)):
            return autoscaling("UpdateAutoScalingGroup", AutoScalingGroupName=group, MaxSize=maximum)
        case _:
            raise BrokenError(f"exactly one size is set at a time, not {action}")


def _launching_from(group: str, action: SetTemplate) -> Call:
    """Of a mixed policy the template alone: what else it says the pinned botocore may not even know."""
    name, _, version = action.spelled.partition(":")
    if name == "lc":
        return autoscaling("UpdateAutoScalingGroup", AutoScalingGroupName=group, LaunchConfigurationName=version)
    key = "LaunchTemplateId" if name.startswith("lt-") else "LaunchTemplateName"
    given = {key: name, **({"Version": version} if version else {})}
    template = (
        {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": given}}}
        if action.mixed
        else {"LaunchTemplate": given}
    )
    return autoscaling("UpdateAutoScalingGroup", AutoScalingGroupName=group, **template)


def _terminate(action: Terminate) -> Call:
    return autoscaling(
        "TerminateInstanceInAutoScalingGroup",
        InstanceId=action.instance,
        ShouldDecrementDesiredCapacity=action.shrink,
    )


def _healthy(id: str) -> Call:
    return autoscaling("SetInstanceHealth", InstanceId=id, HealthStatus="Healthy", ShouldRespectGracePeriod=False)


def _tag(group: str, key: str, **more: object) -> dict[str, object]:
    return {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key, **more}
