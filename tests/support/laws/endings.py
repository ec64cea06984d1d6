"""Ways to break how a rollout begins, who conducts it, how it is put back. Each with the law that must catch it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from async_rollout.core import (
    advance,
    back,
    begin,
    decide,
    departures,
    draft,
    drain,
    ends,
    finish,
    lease,
    life,
    lives,
    moves,
    recall,
    restore,
    survey,
    trouble,
)
from async_rollout.core.actions import Decision, Erase, Record, Resume
from async_rollout.core.draft import Draft
from async_rollout.core.journal import SUSPENDED_BY_US, Goal, Journal, Mark, Unreadable, digest, template_mark
from async_rollout.core.life import WAY_BACK
from async_rollout.core.policy import GROUP_GONE
from async_rollout.engine import clocks, grace, lookout, rollout
from async_rollout.sandbox.doors import observations
from support.laws import losses, meddling, meetings, sleeping, stories
from support.laws.breaking import (
    Sabotage,
    around,
    both,
    draft_as_it_is,
    no,
    nothing,
    of_result,
    rewritten,
    swap,
    without_cause,
    yes,
)


def resume_everything(one: Draft) -> Draft:
    names = tuple(sorted(one.observation.group.suspended))
    return one.act(Resume(processes=names)) if names else one.act(Erase())


def resume_without_names(one: Draft) -> Draft:
    """An empty list means all processes to AWS."""
    still = set(one.journal.suspended) & one.observation.group.suspended
    return one.act(Resume(processes=())) if still else one.act(Erase())


def alarms_first(one: Draft) -> Draft:
    still = [name for name in one.journal.suspended if name in one.observation.group.suspended]
    return one.act(Resume(processes=tuple(still[:1]))) if still else one.act(Erase())


def erase_at_once(one: Draft) -> Draft:
    """The tags go while the processes are still suspended."""
    return one.act(Erase())


def max_stays(real: Any, one: Draft) -> Draft:
    return real(one.write(replace(one.journal, raised=0, raised_from=0)))


def resumed_first(real: Any, one: Draft) -> Draft:
    """Processes are resumed while an instance is still out."""
    done, still = real(one), tuple(set(one.journal.suspended) & one.observation.group.suspended)
    return replace(done, acts=(Resume(processes=still), *done.acts)) if still else done


def only_default_ports(real: Any, observation: Any, instance: Any) -> Any:
    return replace(real(observation, instance), odd=())


def everywhere(real: Any, observation: Any, instance: Any) -> Any:
    return replace(real(observation, instance), missing=())


def back_all_the_same(real: Any, life: Any, instance: Any, departure: Any) -> Any:
    """Who has begun to leave its cluster is registered back."""
    return WAY_BACK if life.is_put_back else real(life, instance, departure)


def never_back(one: Draft, departure: Any, instance: Any) -> Draft:
    return one.drop(departure.id)


def grab(real: Any, spec: Any, snapshot: Any, record: Journal) -> Decision:
    """Another's record is taken over whoever holds it."""
    return real(spec, replace(snapshot, holder_dead=True), record)


def as_if_there_were_none(real: Any, values: Any, arn: str) -> Any:
    found = real(values, arn)
    return None if isinstance(found, Unreadable) else found


def any_group(real: Any, values: Any, arn: str) -> Any:
    """Whose group a record was written for is not asked."""
    head = str(values.get("async-rollout:head", ""))
    named = next((word[2:] for word in head.split() if word.startswith("g=")), None)
    mine = digest(arn, 16)
    return (
        real({key: value.replace(f"g={named}", f"g={mine}") for key, value in values.items()}, arn)
        if named
        else real(values, arn)
    )


def never_due(real: Any, one: Draft, verdict: Any = None) -> Decision:
    """The lease is not renewed while nothing else is to be written."""
    decision = real(one, verdict)
    if verdict is None and one.journal == one.observation.journal:
        return replace(decision, actions=one.acts)
    return decision


def quietly(real: Any, one: Draft, order: Any) -> Decision:
    """SIGTERM: nothing but the record."""
    return replace(real(one, order), actions=tuple(act for act in real(one, order).actions if isinstance(act, Record)))


async def taken_or_not(real: Any, *args: Any) -> bool:
    await real(*args)
    return True


def take_any(one: Draft, *_: int | None) -> Draft:
    """The floor is not asked, nor how many are on their way."""
    victims = [instance for instance in one.tally.victims if not one.journal.departure(instance.id)]
    return (
        departures.open_departure(one, victims[0]) if victims and not one.journal.departures and one.explained else one
    )


ENDING = (
    Sabotage(name="resume everything", law="law 8:", guard="law 8:", story=stories.owners_suspensions,
             spoil=swap(finish, "put_processes_back", resume_everything)),
    Sabotage(name="resume with an empty list", law="law 8:", guard="law 8:", story=stories.owners_suspensions,
             spoil=swap(finish, "put_processes_back", resume_without_names)),
    Sabotage(name="alarms are resumed first", law="law 8:", story=stories.plain,
             spoil=swap(finish, "put_processes_back", alarms_first)),
    Sabotage(name="the record goes before the processes are back", law="law 7:", story=stories.plain,
             spoil=swap(finish, "put_processes_back", erase_at_once)),
    Sabotage(name="the owner's suspensions noted as ours", law="law 8:", story=stories.owners_suspensions,
             spoil=of_result(begin, "_first", suspended=SUSPENDED_BY_US)),
    Sabotage(name="the maximum stays raised", law="law 7:", story=stories.at_max,
             spoil=around(advance, "finish", max_stays)),
    Sabotage(name="processes are resumed while one is out", law="law 4:", story=stories.stopped_draining,
             spoil=around(restore, "_out_of_patience", resumed_first)),
    Sabotage(name="surplus of ours is left", law="law 7:", story=stories.stopped_booting,
             spoil=swap(finish, "shed", finish.put_processes_back)),
    Sabotage(name="our surplus goes whatever the floor", law="law 1:", guard="law 1:",
             story=losses.dies_beside_surplus,
             spoil=swap(finish, "_in_its_place", lambda one, needed: departures.open_departure(
                 one, needed, surplus=True))),
    Sabotage(name="who came back goes again at once", law="law 1:", guard="law 1:",
             story=losses.comes_back_and_is_needed,
             spoil=both(swap(drain, "serves_still", no), swap(advance, "called_back", draft_as_it_is))),
    Sabotage(name="surplus that the floor needs is never given back", law="law 12:", story=losses.dies_beside_surplus,
             spoil=swap(finish, "_in_its_place", lambda one, needed: one)),
    Sabotage(name="a dead one is put back", law="law 16:", story=losses.dies_on_its_way_out,
             spoil=swap(lives.Life, "is_dead", property(no))),
    Sabotage(name="a launch that never came is not given back", law="law 12:", story=stories.no_capacity,
             spoil=swap(finish, "_launch_given_up", draft_as_it_is)),
    Sabotage(name="a drained one is not put back", law="law 9:", story=stories.stopped_draining,
             spoil=swap(moves, "put_back", never_back)),
    Sabotage(name="odd ports are forgotten", law="law 7:", story=stories.odd_ports,
             spoil=around(departures, "departure_of", only_default_ports)),
    Sabotage(name="registered where it never was", law="law 7:", story=stories.odd_places,
             spoil=around(departures, "departure_of", everywhere)),
    Sabotage(name="a false mark is left", law="law 4:", story=stories.stopped_draining,
             spoil=both(swap(back, "is_ours_to_take_off", no), swap(finish, "is_ours_to_take_off", no))),
    Sabotage(name="who left its cluster is registered back", law="law 10:", story=stories.stopped_in_command,
             spoil=around(life, "_course_out", back_all_the_same)),
    Sabotage(name="SIGTERM puts nobody back", law="law 7:", story=stories.stopped_now,
             spoil=around(decide, "_at_once", quietly)),
    Sabotage(name="SIGTERM waits for the whole restore", law="law 12:", story=stories.stopped_now,
             spoil=both(swap(decide, "_at_once", lambda one, order: draft.decided(one)),
                        swap(grace, "LAST_WORDS", -30.0))),
    Sabotage(name="a probe is left behind", law="law 7:", story=stories.stopped_at_once,
             spoil=swap(decide, "unprobed", lambda snapshot, decision: decision)),
)  # fmt: skip

CONDUCTING = (
    Sabotage(name="the lease is not respected", law="law 11:", story=meetings.two_conductors,
             spoil=both(swap(begin, "LEASE", 10_000), around(decide, "of_another", grab))),
    Sabotage(name="who else is about to begin is not seen", law="law ", story=meetings.at_the_same_moment,
             spoil=swap(lease, "rivals", lambda *told: ())),
    Sabotage(name="the lease is not renewed", law="law 11:", story=stories.long_drain,
             spoil=around(decide, "decided", never_due)),
    Sabotage(name="a record may be hidden", law="law 11:", story=meetings.hidden_record,
             spoil=swap(begin, "unproven", lambda spec, snapshot: None)),
    Sabotage(name="an old look is acted upon", law="law 11:", story=meetings.slow_looks,
             spoil=swap(lookout.Lookout, "young", yes)),
    Sabotage(name="an empty page is a deleted group", law="law 16:", story=meetings.empty_pages,
             spoil=swap(lookout, "GROUP_GONE", replace(GROUP_GONE, looks=1, seconds=0.0))),
    Sabotage(name="who slept acts on when he wakes", law="law 11:", story=meetings.awoken,
             spoil=swap(lookout.Lookout, "young", yes)),
    Sabotage(name="a sleeping host's age is told by the loop", law="law 11:", story=sleeping.asleep,
             spoil=swap(clocks.Moment, "since", lambda self, earlier: self.loop - earlier.loop)),
    Sabotage(name="older versions of the record are believed", law="law ", story=meetings.very_stale,
             spoil=swap(recall, "_is_stale", no)),
    Sabotage(name="an act follows a record that was not taken", law="law 9:", story=meetings.lost_records,
             spoil=around(rollout.Rollout, "_done", taken_or_not)),
    Sabotage(name="a record of another group is believed", law="law 11:", story=meetings.foreign_record,
             spoil=around(observations, "from_tags", any_group)),
    Sabotage(name="an unreadable record is none", law="law 11:", story=meetings.forged,
             spoil=around(observations, "from_tags", as_if_there_were_none)),
    Sabotage(name="tags that were taken off end it", law="law ", story=meddling.untagged,
             spoil=swap(begin, "_vanished", lambda spec, seen, one: Decision(
                 verdict=ends.over(spec, seen.observation, one)))),
    Sabotage(name="the order to stop is not read", law="law 10:", story=meddling.ordered_to_stop,
             spoil=both(swap(decide, "stopped", nothing), swap(begin, "stopped", nothing))),
    Sabotage(name="an active refresh is not asked for", law="law 16:", story=meddling.refreshing,
             spoil=swap(survey, "_conflicts", nothing)),
    Sabotage(name="a refresh that begins is not asked for", law="law 11:", story=meddling.refreshed,
             spoil=swap(decide, "REFRESH_AGE", 10**6)),
    Sabotage(name="a new template does not stop it", law="law ", story=meddling.released,
             spoil=without_cause(trouble, "_foreign", "template")),
    Sabotage(name="what others resumed is not suspended again", law="law 4:", story=meddling.resumed,
             spoil=swap(advance, "to_suspend", lambda spec: ())),
    Sabotage(name="two masters fight for ever", law="law 11:", story=meddling.resumed_twice,
             spoil=without_cause(trouble, "_foreign", "resumed by someone")),
    Sabotage(name="a zone that can never serve is not asked for", law="law 6:", story=stories.misfit,
             spoil=swap(survey, "_misfits", nothing)),
    Sabotage(name="a killed run's departures are forgotten", law="law ", story=meetings.killed_and_resumed,
             spoil=around(lease, "_take_over", rewritten(lambda journal: replace(journal, departures=())))),
    Sabotage(name="a killed run's command is thought to have ended", law="law 10:", story=meetings.killed_and_resumed,
             spoil=around(lease, "_take_over", rewritten(lambda journal: replace(
                 journal, departures=tuple(replace(going, before=Mark.ENDED) for going in journal.departures))))),
    Sabotage(name="a killed run's sizes are taken for found", law="law 7:", story=meetings.killed_and_restored,
             spoil=around(lease, "_take_over", rewritten(lambda journal: replace(journal, raised=0, raised_from=0)))),
    Sabotage(name="restore goes on replacing", law="law 7:", story=meetings.killed_and_restored,
             spoil=around(lease, "_take_over", rewritten(lambda one: replace(one, goal=Goal.REPLACE, cause=None)))),
    Sabotage(name="an old cutoff is kept", law="law 16:", story=meetings.killed_long_ago,
             spoil=swap(lease, "with_cutoff", lambda spec, journal, observation: journal)),
    Sabotage(name="the old template's cutoff is kept", law="law ", story=meetings.killed_before_release,
             spoil=swap(lease, "with_cutoff", lambda spec, journal, observation: replace(
                 journal, template=template_mark(observation.group.template)))),
    Sabotage(name="the outage of all is no reason to wait", law="law 1:", guard="law 1:", story=meddling.outage,
             spoil=swap(advance, "take_out", take_any)),
)  # fmt: skip
