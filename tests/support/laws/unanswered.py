"""Worlds in which launches are answered late, never, with a no or in part, and the ways to break how that is borne."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import anyio

from async_rollout.core import advance, launch_answers, launching, narrate, open_launches, recall, restore, trouble
from async_rollout.core import budget as counting
from async_rollout.core.actions import Launch
from async_rollout.core.draft import Draft
from async_rollout.core.events import Warned
from async_rollout.core.journal import Goal, Journal, OpenLaunch
from async_rollout.core.observation import Observation
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import LaunchCall
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.words import OVER_QUOTA
from async_rollout.sandbox.world import World
from support.laws.answered_kills import ANSWERED, CALL, NEXT, no_launch_is_lost, once
from support.laws.breaking import Patch, Sabotage, Spoil, around, both, no, nothing, swap, yes
from support.laws.even_zones import Even, rolled, stays_even
from support.laws.kills import Fate, Way, told
from support.laws.ought import Ought
from support.laws.playing import Others, Part, Play, play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC
from support.storms.blame import broken
from support.storms.owners import GROUP
from support.storms.storm import storm
from support.storms.witness import Witness

AUTO = replace(SPEC, launch=LaunchCall.AUTO)
THREE = Ought(floor=3, ceiling=4, exist=5)
AS_DOCUMENTED = Readings()


def _built(
    world: World, *, readings: Readings = AS_DOCUMENTED, dry: int = 0, quota: int | None = None, **shape: Any
) -> None:
    """dry: so many of the zones; quota: so many instances may run."""
    small(world, **{"size": 3, "zones": 3, "classic": 0} | shape)
    world.readings = readings
    troubles = world.troubles[GROUP]
    troubles.dry_zones, troubles.quota = frozenset(world.state.groups[GROUP].zones[:dry]), quota
    troubles.quota_words = OVER_QUOTA


def _lines(played: Play, ought: Ought, *, most: int | None = 1, end: int = 1) -> list[str]:
    """Every law, and those of launches; most, end: by how much zones may differ, at any moment and at the end."""
    if most is None:  # AWS itself may even out afterwards, and end one of them
        return wrong(played, ought)
    return [*wrong(played, ought), *no_launch_is_lost(played.run), *stays_even(played.run, most, end=end)]


def answered() -> list[str]:
    return _lines(play(AUTO, build=_built), THREE)


def even() -> list[str]:
    return rolled(Even(size=4, zones=2, spec=AUTO))


def lost_answer() -> list[str]:
    """The first launch is executed and its answer lost."""
    lost = Fault(kind=FaultKind.LOST_ANSWER, action=CALL, count=1)
    return _lines(play(AUTO, Part(faults=(lost,)), build=_built), THREE)


def never_sent() -> list[str]:
    """The first launch does not reach AWS, twice."""
    cut = Fault(kind=FaultKind.RESET, action=CALL, count=2)
    return _lines(play(AUTO, Part(faults=(cut,)), build=_built), THREE)


def denied() -> list[str]:
    """The permission is missing: desired capacity it is, and that is said."""
    never = Fault(kind=FaultKind.DENIED, action=CALL)
    played = play(AUTO, Part(faults=(never,)), build=_built)
    told = any(isinstance(event, Warned) and "does not answer launches" in event.text for event in played.run.events)
    lines = [] if told else ["law 12: launches are asked for in the other way, and nobody says so"]
    asked = played.world.calls[CALL]
    lines += [f"law 6: {asked} launches were asked for that AWS does not allow"] if asked > 1 else []
    return lines + _lines(played, THREE, most=None)


def not_risen() -> list[str]:
    """AWS launches beside desired capacity."""
    return _lines(play(AUTO, build=partial(_built, readings=Readings(raises_desired=False))), THREE)


def dry_zone() -> list[str]:
    """One of three zones lacks capacity from the beginning."""
    played = play(AUTO, build=partial(_built, dry=1))
    return _lines(played, replace(THREE, troubled=True), most=None) + _tries(played)


def _tries(played: Play) -> list[str]:
    """Law 6: a zone that lacked capacity rests for a minute; and that one did is what these stories are about."""
    tried = [(one.zone, one.at) for one in played.world.log.launched if not one.came]
    soon = [(zone, at) for zone, at in tried if any(other == zone and 0 < at - since < 60 for other, since in tried)]
    lines = [] if tried else ["no launch failed"]
    return lines + [f"law 6: {zone} was tried again at {at:.1f}, too soon after it failed" for zone, at in soon[:1]]


def _dries(zones: int, at: float, until: float) -> Others:
    """So many zones lack capacity between these moments."""

    async def others(world: Witness) -> None:
        await anyio.sleep(at)
        world.troubles[GROUP].dry_zones = frozenset(world.state.groups[GROUP].zones[-zones:])
        await anyio.sleep(until - at)
        world.troubles[GROUP].dry_zones = frozenset()

    return others


def dries_up(zones: int = 1, at: float = 60.0, until: float = 10**6) -> list[str]:
    """Zones lack capacity from some moment on, for ever or for a while."""
    played = play(AUTO, build=_built, others=_dries(zones, at, until), limit=4_000.0, looks=4_000)
    ought = replace(THREE, troubled=until - at > 150.0)
    return _lines(played, ought, most=None) + _tries(played)


def too_dry() -> list[str]:
    """No zone takes a launch, for longer than a launch may take: all is put back."""
    played = play(AUTO, build=_built, others=_dries(3, 1.0, 10**6), limit=4_000.0, looks=4_000)
    return _lines(played, replace(THREE, code=1, replaced=False, troubled=True)) + _tries(played)


def in_part() -> list[str]:
    """Three at once into one zone, where the account's quota allows two."""
    spec = replace(AUTO, max_surge=3)
    played = play(spec, build=partial(_built, zones=1, quota=5), limit=4_000.0, looks=4_000)
    lines = _lines(played, Ought(floor=3, ceiling=6, exist=9, draining=3))
    return lines if any(0 < one.came < one.count for one in played.world.log.launched) else ["all came"]


def killed(name: str, then: str, way: Way, at: int) -> list[str]:
    """Stopped at one point, and followed."""
    undisturbed = told(ANSWERED[name], Fate(), NEXT[then].goal)
    return once(ANSWERED[name], NEXT[then], way, at, undisturbed)[1]


def unsent() -> list[str]:
    """Killed at a launch that was recorded and never reached AWS; whoever follows may not ask for it again."""
    return killed("two zones", "without the permission", Way.KILLED, 7)


def forgotten() -> list[str]:
    """Killed when a launch is executed; nine hours on, AWS knows its token no more."""
    lost = Fault(kind=FaultKind.LOST_ANSWER, action=CALL, count=1)
    first, then = Part(faults=(lost,), lives=LAUNCHED), Part(run="two", at=9 * 3600.0)
    played = play(AUTO, first, then, build=_built, limit=40_000.0, looks=5_000)
    lines = [line for line in _lines(played, THREE, most=None) if "nothing was said" not in line]
    twice = [
        token for token, often in Counter(o.token for o in played.world.log.launched if o.came).items() if often > 1
    ]
    return lines + [f"law 6: {token} launched twice" for token in twice]


LAUNCHED = 6
"""Acts of the first, up to its first launch."""


def _unwritten(real: Any, draft: Draft, zone: str, count: int) -> Draft:
    """The launch is sent, and only its number stands in the record."""
    done = real(draft, zone, count)
    return replace(done, journal=replace(done.journal, open=draft.journal.open))


def _renamed(draft: Draft) -> Draft:
    """Whatever is not answered is asked for by a new token."""
    for launch in draft.journal.open:
        if launch.came is None and launch.token in draft.belief.answers:
            token = f"{draft.journal.run}-{draft.journal.tokens + 1}"
            open = tuple(replace(one, token=token) if one is launch else one for one in draft.journal.open)
            draft = draft.write(replace(draft.journal, tokens=draft.journal.tokens + 1, open=open))
            draft = draft.act(Launch(zone=launch.zone, count=launch.count, token=token))
    return draft.wait(*launching._still_open(draft))


def _asked(renew: Callable[[Draft], Draft]) -> Spoil:
    return both(swap(advance, "asked_again", renew), swap(restore, "asked_again", renew))


def _none_came(real: Any, outcome: ActOutcome, *, sent_before: bool) -> int | None:
    came: int | None = real(outcome, sent_before=sent_before)
    return 0 if came is None else came


def _first(counts: Mapping[str, int], number: int, homes: Iterable[str] = ()) -> Counter[str]:
    return Counter(dict.fromkeys(list(counts)[:1], number))


def _field(journal: Any, observation: Any) -> int:
    return int(observation.group.desired)


def beside() -> list[str]:
    """Told to stop when the first was launched beside desired capacity: what is one too many is given back."""
    built = partial(_built, readings=Readings(raises_desired=False))
    played = play(AUTO, Part(stop=(30.0, Stop.FINISH)), build=built, limit=6_000.0, looks=5_000)
    return _lines(played, replace(THREE, code=130, replaced=False), most=None)


def later() -> list[str]:
    """Killed when one was launched beside desired capacity, and put back long after AWS's answer."""
    parts = Part(lives=LAUNCHED + 1), Part(run="two", at=900.0, goal=Goal.RESTORE)
    built = partial(_built, readings=Readings(raises_desired=False))
    played = play(AUTO, *parts, build=built, limit=9_000.0, looks=5_000)
    lines = _lines(played, replace(THREE, replaced=False), most=None)
    return [line for line in lines if "nothing was said" not in line]


def _dropped(real: Any, journal: Any, launch: OpenLaunch, came: int) -> Any:
    return real(journal, launch, 0)


def crowded() -> list[str]:
    """Three at once beside desired capacity, and the old ones go while it is still to be set."""
    return broken(storm(105, liveness=True, launches=True))


def _as_seen(observation: Observation) -> str | None:
    """Whoever is there and not counted, terminates of ours or not."""
    record = observation.journal
    beside = observation.rows > observation.group.desired and isinstance(record, Journal) and record.open
    return f"{observation.rows}" if beside else None


def _untold(patch: Patch) -> None:
    patch.setattr(narrate, "_mute", nothing)


_LEFT = both(swap(advance, "is_unrisen", no), swap(restore, "is_unrisen", no))

UNANSWERED = (
    Sabotage(name="a launch is not written down", law="law 9:", guard="law 9:", story=answered,
             spoil=around(launching, "_launched", _unwritten)),
    Sabotage(name="a lost answer gets a new token", law="law 2:", story=lost_answer, spoil=_asked(_renamed)),
    Sabotage(name="a refused launch is counted", law="law 12:", story=dry_zone,
             spoil=swap(open_launches, "_settled", lambda journal, launch, came: journal)),
    Sabotage(name="an unanswered launch is taken for refused", law="law 2:", story=lost_answer,
             spoil=around(launch_answers, "_came", _none_came)),
    Sabotage(name="launches under way are not counted", law="law 2:", guard="law 2:", story=never_sent,
             spoil=swap(counting, "coming", _field)),
    Sabotage(name="the first zone gets all", law="even zones:", story=even, spoil=swap(launching, "chosen", _first)),
    Sabotage(name="a dry zone is tried again at once", law="law 6:", story=dry_zone,
             spoil=both(swap(launching, "resting", lambda *_: {}), swap(trouble, "resting", lambda *_: {}))),
    Sabotage(name="a field that did not rise is left", law="law 16:", story=beside, spoil=_LEFT),
    Sabotage(name="the other way is taken without a word", law="law 12:", story=denied, spoil=_untold),
    Sabotage(name="a missing permission is asked for again", law="law 6:", story=denied,
             spoil=swap(launch_answers, "_mute", lambda *_: None)),
    Sabotage(name="a token is used for ever", law="law 2:", story=forgotten,
             spoil=swap(open_launches, "TOKEN_LASTS", 10**9)),
    Sabotage(name="what cannot be asked for is open for ever", law="it ended", story=unsent,
             spoil=swap(open_launches, "LAUNCH_SHOWS", 10**9)),
    Sabotage(name="what came is dropped uncounted", law="law 16:", story=later,
             spoil=around(open_launches, "_told", _dropped)),
    Sabotage(name="the field is set while a terminate is on its way", law="law 2:", story=crowded,
             spoil=both(swap(launching, "may_grow", yes), swap(recall, "_unrisen", _as_seen))),
)  # fmt: skip
