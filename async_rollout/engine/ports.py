"""What the loop needs from outside: a cloud, a hook runner, someone to tell.

Implemented by `aws.cloud` (the real one), `sandbox.doors.port` (the simulated one) and `engine.hooks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from async_rollout.core.actions import CloudAction, Needs
from async_rollout.core.events import Event
from async_rollout.core.observation import Observation
from async_rollout.core.outcomes import LaunchError
from async_rollout.core.spec import Hook, HookCall
from async_rollout.engine.clocks import Young, always


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """AWS took it. launched, errors: of a Launch, the ids that came and why the rest did not."""

    launched: tuple[str, ...] = ()
    errors: tuple[LaunchError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No answer: it may or may not have happened. Only the next look can tell."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """AWS said no, or the call never reached it: it was surely not done. code and message are AWS's own words.

    denied: a permission or the credentials are missing. passing: it may be taken later, unchanged (throttled, another
    change in the way, no connection).
    """

    code: str
    message: str
    denied: bool = False
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Nothing of it was sent: when its turn came, the look that it rests on had grown too old."""


Answer = Done | Unknown | Refused | Late


class Urgency(IntEnum):
    """Whose turn comes first where calls wait for AWS's request buckets; who came first, where equal.

    STOP: an act while the run is being stopped, or is blind; it may use all of a bucket, not our share alone.
    FOLLOWING: the rest of an act that was sent in part. USUAL: any other. PATIENT: a look that others may go before.
    """

    STOP = 0
    FOLLOWING = 1
    USUAL = 2
    PATIENT = 3


class GroupCloud(Protocol):
    """What one rollout reaches of a cloud."""

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        """One complete observation of the group named `group`.

        Every request in it was sent at or after the loop's time `after` (`anyio.current_time()`). `Need.TARGETS`
        fills `Instance.targets` and `Source.seen_at` from every source, `HealthOf` from that one; `SURVEY` and
        `ACTIVITIES` fill their fields, `EndOf` fills `Observation.ends`, `POLICIES` adds to `Group.traits`. `urgency`:
        with `STOP` it waits for no other groups to be asked with.

        Raises UnknownGroupError, CredentialsError, or UnseenError (transient: ask again later).
        """
        ...

    async def glance(self, group: str) -> Observation:
        """The group's own row: sizes, processes, tags, members. Too little to decide on, and the cheapest question.

        Raises as `look` does.
        """
        ...

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        """Do one thing. Never raises for what AWS answered.

        `young` is asked when its turn has come, before each request: False, and nothing more of it is sent. `urgency`:
        whose turn comes first; `Urgency.STOP` for all acts of a run that is being stopped.
        """
        ...


class Cloud(GroupCloud, Protocol):
    """One account and region."""

    def carries(self, groups: int) -> bool:
        """Whether AWS's request buckets carry so many groups under way at once. Asked before one more begins."""
        ...


@dataclass(frozen=True)
class GroupRef:
    """A group of one cloud, as `cloud.groups` gives it; groups of several clouds add up in one call.

    cloud: the account and region.
    name: the Auto Scaling group's.
    """

    cloud: Cloud
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookResult:
    """How a hook ended. code: exit status (0 good; None when it timed out or could not start); said: last output."""

    ok: bool
    code: int | None = 0
    timed_out: bool = False
    said: str = ""
    seconds: float = 0.0


class HookRunner(Protocol):
    """Runs one hook to its end; cancelling kills its whole process tree. Never raises for what the hook did."""

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        """Run `hook` with at most `limit` seconds; `say` gets each line of output, already made safe to show."""
        ...


Tell = Callable[[Event], object]
"""Gets every event, in order, on the loop's thread. One that raises is named once and dropped."""
