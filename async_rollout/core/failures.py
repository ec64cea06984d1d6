"""Newcomers that fail: what speaks against the release, and what is the world's doing.

One that left by nobody's order before it was proven is lost; one that was proven and then got ill has relapsed; one
that EC2 does not run has failed like either (`lost` tells of both by whose order). Each counts once, whatever becomes
of it. One that others mark Unhealthy is ill only where no load balancer calls it healthy. While old ones are ill in at
least the same share as new ones, none counts: the same thing has hit them all, as it has where EC2 ended old ones by
the same code in the same look. Where no old one is left to compare with, new ones of different ages that all got ill at
once say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from async_rollout.core.history import UNKNOWN, History
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.lost import is_asked, is_ill, is_no_fault, is_to_ask, is_told
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.policy import BATCH, ILL
from async_rollout.core.serving import ails, is_shifted
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import YOUNG, is_new, is_old

FAILED = "failed and --max-failures is"
"""What a run says that turned back for them."""

Histories = Mapping[str, History]


def judged(
    spec: RolloutSpec, observation: Observation, before: Histories, after: Histories, *, since: float
) -> Histories:
    """The histories after a look, with why those newcomers failed of which it shows that they did.

    since: when the record became ours; what failed before that others have counted. What failed before the cutoff was
    taken is none of this rollout's.
    """
    journal = observation.journal
    if not isinstance(journal, Journal) or journal.goal is not Goal.REPLACE or journal.cutoff is None:
        return after
    found = {
        id: why
        for id, now in after.items()
        if not now.failed
        and _begun(now) >= max(since, journal.began)
        and (why := _why(spec, observation, journal, id, before.get(id, UNKNOWN), now))
    }
    if not found or worlds_doing(spec, observation, journal, after):
        return after
    return {**after, **{id: replace(after[id], failed=why) for id, why in found.items()}}


def to_ask(histories: Histories, at: float) -> list[str]:
    """Of whom EC2 is to be asked how they have ended, if they have: who was lost, and who was proven and is ill."""
    ill = (id for id, one in histories.items() if is_ill(one) and not one.failed and not is_asked(one, at))
    return [id for id, one in histories.items() if is_to_ask(one, at)] + list(ill)


def worlds_doing(spec: RolloutSpec, observation: Observation, journal: Journal, histories: Histories) -> str:
    """Why it is not the release that ails the new ones, empty if it may be: old ones are ill in the same share or more.

    Of the old ones a single bad look is enough: they are hit by the same thing, and looked at in the same looks. Who
    got well a moment ago speaks for neither: others may follow. Where there are no old ones the new ones are compared
    among themselves.
    """
    news, olds, illness = [], [], []
    for one in observation.instances:
        history = histories.get(one.id, UNKNOWN)
        if not one.in_service or journal.departure(one.id) or is_shifted(observation, one):
            continue
        streak = history.streak
        recent = observation.at - streak.since < ILL.looks * spec.interval
        if is_new(journal, one) and history.proven:
            news.append(streak.bad >= ILL.looks)
            if streak.bad or not recent:
                illness.append((one.launched_at or 0.0, streak.since if streak.bad else None))
        elif is_old(spec, journal, one):
            olds.append(streak.bad > 0 or recent or bool(one.down))
    if any(news) and sum(olds) * len(news) >= sum(news) * len(olds) > 0:
        return "old instances are ill as new ones are"
    together = any(news) and not olds and _is_of_a_moment(illness)
    return "all new instances got ill at once, whatever their age" if together else ""


def _is_of_a_moment(illness: Sequence[tuple[float, float | None]]) -> bool:
    """All are ill, and got so closer together than they were launched, by half at least.

    What a release does wrong at some age comes as far apart as its launches; what hits a moment comes at once.
    illness: launched at, ill since, of each; None: it is well.
    """
    launched, ill = [at for at, _ in illness], [since for _, since in illness if since is not None]
    return len(ill) == len(illness) and 2 * (max(ill) - min(ill)) < max(launched) - min(launched)


def mending(text: str) -> str:
    """What to do first, where a run ended with these words; empty if it is for something else."""
    said = "see why the new instances failed; give the group a template that works, then run again"
    return said if FAILED in text else ""


def left_of(text: str, observation: Observation, journal: Journal) -> tuple[str, ...]:
    """What is said of the release that stays, where a run ended with these words."""
    news = sum(one.in_service and is_new(journal, one) for one in observation.instances)
    noun = "instance" if news == 1 else "instances"
    return (f"{news} new {noun} of that release stay",) if FAILED in text and news else ()


def _begun(history: History) -> float:
    """Since when it is as it is now."""
    if history.lost_since is not None:
        return history.lost_since
    return history.stage.at if history.stage else inf


def _left(history: History) -> str:
    return f"it left before it served{f': {history.end}' if history.end else ''}"


def _is_a_blow(spec: RolloutSpec, observation: Observation, journal: Journal, dead: Instance) -> bool:
    """What EC2 says of its end it says in this very look of an old one too; or, where none is left, of other ages."""
    alike = [each for each in observation.instances if each.down and each.reason == dead.reason]
    olds = [each for each in observation.instances if is_old(spec, journal, each)]
    launched = [each.launched_at or 0.0 for each in alike]
    return any(each in alike for each in olds) if olds else max(launched) - min(launched) > BATCH


def _why(spec: RolloutSpec, observation: Observation, journal: Journal, id: str, was: History, now: History) -> str:
    """Why it failed, by this look; empty where it did not.

    Whom EC2 has ended gets a way out at once: only the look that first shows it tells of what moment that was.
    """
    if now.lost_since is not None:
        return _left(now) if is_told(now, observation.at) and not is_no_fault(now.end, now.cause) else ""
    one, departure = observation.instance(id), journal.departure(id)
    if one is None or not one.in_service or not is_new(journal, one):
        return ""
    if one.down and (departure is None or not is_ill(now)):
        told = departure is not None or is_no_fault(one.reason) or _is_a_blow(spec, observation, journal, one)
        return "" if told else f"EC2 does not run it: {one.reason or one.down}"
    if departure is not None and not is_ill(now):
        given_up = was.stage is not None and was.stage.stage in YOUNG and not (now.proven or departure.surplus)
        return ails(observation, one) if given_up else ""
    if not is_ill(now) or is_shifted(observation, one) or not is_asked(now, observation.at):
        return ""
    return "" if is_no_fault(one.reason if one.down else now.end) else ails(observation, one)
