"""How new instances are asked for: zone by zone, each launch by a token that is written down first, or as a number.

A launch without an answer is asked for again as it was, which launches nothing more, until it is known what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import EnterStandby, Launch, SetCapacity, Terminate, Wait
from async_rollout.core.choices import Scaling
from async_rollout.core.draft import Draft
from async_rollout.core.journal import OPEN_MAX, OpenLaunch, Way
from async_rollout.core.open_launches import may_be_asked
from async_rollout.core.pace import Look
from async_rollout.core.policy import ASKED_AGAIN, RELIFT, RETRIED, RISEN
from async_rollout.core.promised import coming
from async_rollout.core.stages import Stage
from async_rollout.core.trouble import is_nowhere
from async_rollout.core.zones import chosen, resting

LAUNCHED_AT_ONCE = 100
"""AWS's limit of instances a call."""


def may_grow(draft: Draft) -> bool:
    """Not while somebody is about to take a place along: what that does to the field is not known yet."""
    members = draft.observation.instances
    sent = any(draft.belief.history(one.id).removal and one.takes_part for one in members)
    return not sent and not any(isinstance(act, Terminate | EnterStandby) for act in draft.acts)


def lift_rests(draft: Draft) -> Wait | None:
    """Where its scalers are followed and have taken our lift, it is not asked for again at once: they would fight."""
    cut = float(draft.journal.lowered_at)
    if draft.spec.scaling is Scaling.HOLD or draft.at - cut >= RELIFT.seconds:
        return None
    why = "desired capacity was lowered, and nothing is launched above it for a while"
    return Wait(on="the group's scaling", why=why, since=cut, until=cut + RELIFT.seconds)


def asked_for(draft: Draft, number: int) -> Draft:
    """So many more are asked for, as many as can be now."""
    if number <= 0:
        return draft
    if draft.journal.way is Way.ANSWERED:
        return _in_zones(draft, number)
    if draft.journal.open:
        return draft  # what they bring is not in the field yet, which is set as a whole
    field, launches = draft.observation.group.desired + number, draft.journal.launches + number
    return draft.write(replace(draft.journal, asked=field, launches=launches)).act(SetCapacity(desired=field))


def _in_zones(draft: Draft, number: int) -> Draft:
    """One launch a zone, in those where none is open and AWS has not just failed; if all have, in the first again."""
    zones, launches = draft.observation.group.zones, draft.belief.launches
    soonest, closed = resting(launches, draft.at, RETRIED), resting(launches, draft.at)
    if is_nowhere(draft):
        return _all_rest(draft, soonest.get("", min(soonest.values())))
    closed = soonest if closed.keys() >= {*zones} else closed
    taken = {launch.zone for launch in draft.journal.open}
    counts, open = _staying(draft), [zone for zone in zones if zone not in closed and zone not in taken]
    over = max(0, draft.tally.field - draft.tally.held - draft.tally.base)
    homes, free = [victim.zone for victim in draft.tally.victims[over:]], OPEN_MAX - len(taken)
    for zone, count in chosen({zone: counts[zone] for zone in open}, number, homes).most_common(free):
        draft = _launched(draft, zone, min(count, LAUNCHED_AT_ONCE))
    return draft


def _launched(draft: Draft, zone: str, count: int) -> Draft:
    journal = draft.journal
    token = f"{journal.run}-{journal.tokens + 1}"
    launch = OpenLaunch(token=token, zone=zone, count=count, at=int(draft.at))
    record = replace(
        journal,
        asked=journal.asked + count,
        launches=journal.launches + count,
        tokens=journal.tokens + 1,
        open=(*journal.open, launch),
    )
    return draft.write(record).act(Launch(zone=zone, count=count, token=token))


def _staying(draft: Draft) -> Counter[str]:
    """Who stays in each zone once all that is to go has gone, those on their way here included."""
    going = {victim.id for victim in draft.tally.victims} | {departure.id for departure in draft.journal.departures}
    members = (one for one in draft.observation.instances if one.takes_part and one.id not in going)
    counts = Counter(one.zone for one in members)
    if draft.observation.rows < coming(draft.journal, draft.observation):
        counts.update({launch.zone: launch.most for launch in draft.journal.open})
    return counts


def _all_rest(draft: Draft, until: float) -> Draft:
    """No zone is left to launch in: what AWS has said is told, and the first that rests no more is waited for."""
    said = next((launch.message for launch in draft.belief.launches if launch.failed), "")
    since = draft.belief.dry_since or draft.at
    wait = draft.waiting(Stage.LAUNCHING, "a zone to launch in", f"AWS says: {said}", since)
    return draft.wait(wait, look=Look(max(until, draft.at + draft.spec.interval)))


def asked_again(draft: Draft) -> Draft:
    """Launches without an answer are asked for once more, as they were; each pause as long as all before it."""
    for launch in draft.journal.open:
        act, answer = (
            Launch(zone=launch.zone, count=launch.count, token=launch.token),
            draft.belief.answers.get(launch.token),
        )
        pause = min(ASKED_AGAIN, answer.at - answer.since) if answer else 0.0
        due = answer is None or draft.at - answer.at >= pause
        free = act not in draft.acts and may_grow(draft)
        if free and launch.came is None and due and may_be_asked(draft, launch):
            draft = draft.act(act)
    return draft.wait(*_still_open(draft), look=Look(draft.at + draft.spec.interval))


def _still_open(draft: Draft) -> Iterator[Wait]:
    """What is waited for of launches that are open."""
    seen = draft.observation
    shown = "that it is there does not show in desired capacity" if seen.rows > seen.group.desired else ""
    for launch in draft.journal.open:
        why = shown or ("AWS has launched it, not to be seen yet" if launch.came else "AWS has not answered yet")
        yield draft.waiting(Stage.LAUNCHING, f"{launch.most} new in {launch.zone}", why, float(launch.at))


def is_unrisen(draft: Draft) -> bool:
    """AWS has launched, all of it is there, and desired capacity did not rise by it, which it may do or not do."""
    there = draft.observation.group.desired < draft.journal.asked <= draft.observation.rows
    return there and RISEN.holds(draft.belief.unrisen, draft.at) and may_grow(draft)


def raised(draft: Draft) -> Draft:
    """The field is set to what is there: to less, and AWS would choose who goes. The maximum first, if in the way."""
    rows = draft.observation.rows
    if rows > draft.observation.group.maximum and draft.knows_maximum:
        return draft.set_maximum(rows)
    return draft.write(replace(draft.journal, asked=rows)).act(SetCapacity(desired=rows))
