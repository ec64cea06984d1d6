"""A world that writes down what its laws are asked of: each deed of ours with the truth of that moment beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from async_rollout.core.journal import Goal, Mark
from async_rollout.core.tags import PREFIX
from async_rollout.core.templates import Back
from async_rollout.sandbox import census
from async_rollout.sandbox.doors.containers import FLAP
from async_rollout.sandbox.history import What
from async_rollout.sandbox.launch_tokens import LaunchAnswer
from async_rollout.sandbox.records import Activity, Group, Instance, Tag
from async_rollout.sandbox.simulation import OWNER
from support.storms.noted import Head, Launched, Processes, Removal, Sized, Wanted, sizes_of
from support.storms.owners import GROUP, Owners

OLDEST_LOOK = 30.0
"""No act rests on an older look: what others did before that, we have seen."""


class Witness(Owners):
    """See the module's docstring. actor: the conductor whose call is being executed."""

    def __init__(self, seed: int, clock: Any) -> None:
        super().__init__(seed, clock)
        self.actor = ""
        self._out: set[str] = set()
        self._hosts: set[str] = set()
        self._away: dict[str, float] = {}

    def begin(self) -> None:
        """The world is built: what stands now is what was found."""
        group = self.state.groups[GROUP]
        self.log.wanted.append(Wanted(at=self.now, low=group.desired, high=group.desired))
        self.log.suspended = set(group.suspended_names)
        self.log.sizes = {"minimum": group.minimum, "maximum": group.maximum}
        self.log.own_maximum = group.maximum
        self._notice()

    # --- deeds of ours, and what others want

    def set_desired_capacity(self, name: str, desired: int, *, who: str = OWNER) -> None:
        before = self._desired()
        super().set_desired_capacity(name, desired, who=who)
        self._was_sized("desired", before, who)

    def launch_instances(
        self, name: str, zone: str | None, count: int, token: str, *, retry: bool = False, who: str = OWNER
    ) -> LaunchAnswer:
        before, there = self._desired(), len(self.state.members(name))
        record = self.record_of() or self._read  # somebody may just have torn it
        try:
            return super().launch_instances(name, zone, count, token, retry=retry, who=who)
        finally:
            came = len(self.state.members(name)) - there
            self.log.launched.append(
                Launched(at=self.now, token=token, zone=zone or "", count=count, came=came, record=record)
            )
            self._was_sized("launch", before, who, came=came)

    def update_group(self, name: str, **sizes: Any) -> None:
        before, was = self._desired(), sizes_of(self.state.groups[name])
        super().update_group(name, **sizes)
        if sizes.get("who", OWNER) == OWNER and self.now - self.log.maximum_at < OLDEST_LOOK:
            self.log.sizes["maximum"] = -1  # set while our call was under way: sizes have no compare-and-swap
        if sizes.get("desired") is None:
            self._was_sized("maximum", before, sizes.get("who", OWNER))
            return
        self._were_caught_up(self.actor, was)
        self._was_sized("scheduled", before, OWNER)

    def terminate(self, id: str, *, decrement: bool, who: str = OWNER) -> Activity:
        before = self._desired()
        if who == OWNER:
            self._removed("terminate", id)
        done = super().terminate(id, decrement=decrement, who=who)
        if who != OWNER:
            self._was_moved(before)
        else:
            self._hidden_raise(before)
        return done

    def deregister(self, source: str, id: str, port: int | None = None, *, who: str = OWNER) -> None:
        if who == OWNER:
            self._removed("deregister", id)
        super().deregister(source, id, port, who=who)

    def register(self, source: str, id: str, port: int | None = None, *, who: str = OWNER) -> None:
        if who == OWNER:
            self._out.discard(id)
        super().register(source, id, port, who=who)

    def enter_standby(
        self, name: str, ids: Sequence[str], *, decrement: bool, who: str = OWNER
    ) -> tuple[Activity, ...]:
        for id in ids if who == OWNER else ():
            self._removed("park", id)
        done = super().enter_standby(name, ids, decrement=decrement, who=who)
        self._out.difference_update(ids)  # whoever put it there, it is its owner's: not on its way out any more
        return done

    def attach(self, name: str, ids: Sequence[str], *, who: str = OWNER) -> None:
        super().attach(name, ids, who=who)
        self._out.difference_update(ids)  # whoever comes back is registered anew

    def suspend(self, name: str, processes: Sequence[str], *, who: str = OWNER) -> None:
        super().suspend(name, processes, who=who)
        self._switched(processes, who, resumed=False)

    def resume(self, name: str, processes: Sequence[str], *, who: str = OWNER) -> None:
        super().resume(name, processes, who=who)
        self._switched(processes, who, resumed=True)

    def put_tags(self, name: str, tags: Sequence[Tag], *, who: str = OWNER) -> None:
        before = self.record_of()
        super().put_tags(name, tags, who=who)
        if any(tag.key == f"{PREFIX}head" for tag in tags):
            record = self.record_of()
            if before is not None and record is not None and record.run != before.run:
                self.log.takeovers.append((self.now, before, record.run))
            self.log.holders.append((self.now, record.run if record else ""))
            if record is not None:
                replaces = record.goal is Goal.REPLACE and record.back is Back.NOT
                self.log.heads.append(Head(at=self.now, run=record.run, replaces=replaces, cutoff=record.cutoff))
            self.log.departures.update(departure.id for departure in (record.departures if record else ()))

    def happened(self, what: What, who: str, group: str = "", instance: str = "", detail: str = "") -> None:
        super().happened(what, who, group, instance, detail)
        if what is What.HOST and who == OWNER and detail.endswith("DRAINING"):
            self._removed("deregister", instance)
        elif what is What.HOST and who == OWNER:
            self._out.discard(instance)
        if what is What.AGENT and detail == "gone":
            self._away.setdefault(instance, self.now)
        elif what is What.AGENT:
            self._away.pop(instance, None)

    # --- how it is noted

    def _was_sized(self, what: str, before: int, who: str, came: int = 0) -> None:
        if who != OWNER:
            return
        group, record = self.state.groups[GROUP], self.record_of() or self._read  # somebody may just have torn it
        members = self.state.members(GROUP)
        departures = {one.id for one in record.departures if one.draining is Mark.ENDED} if record else set()
        there = sum(not (one.retained or one.standby) for one in members)
        self.log.sized.append(
            Sized(
                at=self.now,
                actor=self.actor,
                what=what,
                before=before,
                after=max(group.desired, before + came),
                maximum=group.maximum,
                out=sum(one.in_service and one.id in departures for one in members),
                left=frozenset(departures - {one.id for one in members if one.in_service}),
                exist=there + max(0, group.desired - sum(one.counts for one in members)),
                since=tuple(one.launched_at for one in members if one.counts),
                began=record.began if record else 0,
            )
        )

    def _removed(self, what: str, id: str) -> None:
        self.advance()
        one = self.state.instances.get(id)
        if one is None:
            return
        record = self.record_of() or self._read  # somebody may just have torn it
        cutoff = record.cutoff if record and record.cutoff is not None else float("inf")
        served = self._counting._served
        fresh = [each for each in self.state.instances.values() if each.attached_at > cutoff]
        self._out -= {each for each in self._out if self._is_back(each)}
        first = id not in self._out
        self._out.add(id)
        sources = self.state.groups[GROUP].source_ids
        self.log.removals.append(
            Removal(
                at=self.now,
                what=what,
                id=id,
                actor=self.actor,
                instance=one,
                record=record,
                desired=self._desired(),
                fresh_served=any(each.id in served | self._hosts for each in fresh),
                outdated=one.template != self._newest(one),
                first=first,
                out=frozenset(self._out),
                going=frozenset(each for each in self._out if self._goes(each)),
                held=tuple(each.at for source in sources for each in self.state.registered(source, id)),
                unasked=not sources,
            )
        )

    def _is_back(self, id: str) -> bool:
        """Where no source is left there is nothing to register it at: it is back when its departure is gone."""
        record, one = self.record_of() or self._read, self.state.instances[id]
        named = record is not None and record.departure(id) is not None
        return one.in_service and not named and not self.state.sources_of(GROUP)

    def _goes(self, id: str) -> bool:
        """Not who was put into Standby by somebody, perhaps in the middle of our call; nor whom EC2 has ended."""
        one = self.state.instances[id]
        return one.member and not one.retained and not one.standby and one.ec2 != "terminated"

    def _newest(self, one: Instance) -> object:
        """What the group would launch now, as it stands in an instance's record."""
        group = self.state.groups[GROUP]
        if group.template is None or one.template is None:
            return group.template  # one that was attached by hand stands for no version: outdated, if there are any
        found = next(each for each in self.state.templates.values() if each.id == group.template.id)
        versions = {"$Latest": found.latest, "$Default": found.default, None: found.default}
        version = versions.get(group.template.version, group.template.version)
        return one.template if str(one.template.version) == str(version) else None

    def _switched(self, processes: Sequence[str], who: str, *, resumed: bool) -> None:
        if who == OWNER:
            self.log.processes.append(Processes(at=self.now, actor=self.actor, resumed=resumed, names=tuple(processes)))
            return
        self.log.unsure.update(processes)
        if resumed:
            self.log.suspended -= set(processes)
        else:
            self.log.suspended |= set(processes)

    def _count(self) -> None:
        changed = GROUP in self._counting.changed or bool(self.state.clusters)
        super()._count()
        if changed:
            self._notice()

    def _notice(self) -> None:
        group = self.state.groups.get(GROUP)
        if group is None:
            return
        members = self.state.members(GROUP)
        serving = frozenset(one.id for one in members if self._seems_to_serve(group, one))
        if not self.log.serving or self.log.serving[-1][1] != serving:
            self.log.serving.append((self.now, serving))
        shifted = any(self._is_shifted(source, one) for source in group.source_ids for one in members)
        if not self.log.shifted or self.log.shifted[-1][1] is not shifted:
            self.log.shifted.append((self.now, shifted))

    def _is_shifted(self, source: str, one: Instance) -> bool:
        """As its target group tells it: of a healthy target only."""
        held = self.state.registered(source, one.id)
        return (
            one.in_service and self.state.is_shifted(source, one.id) and any(each.state == "healthy" for each in held)
        )

    def _seems_to_serve(self, group: Group, one: Instance) -> bool:
        """As its sources say, which take their time to notice; without any, one that has answered once."""
        listening = [source.id for source in self.state.sources_of(group.name) if source.has_listener]
        if one.in_service and self.state.clusters and not self._takes_tasks(one):
            return False
        if one.in_service and listening:
            return all(census.healthy_at(self.state, source, one.id) for source in listening)
        return one.in_service and (bool(self.state.clusters) or one.app_up(self.now) or one.broken)

    def _takes_tasks(self, one: Instance) -> bool:
        """As its cluster tells: an agent that is away for a moment is nothing."""
        rows = self.ecs.rows_of(one.id)
        active = any(row.status == "ACTIVE" for row in rows)
        if active and any(row.connected for row in rows):
            self._hosts.add(one.id)
        return active and one.id in self._hosts and self.now - self._away.get(one.id, self.now) < FLAP
