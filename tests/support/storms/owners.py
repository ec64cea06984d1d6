"""A world that writes down what its group's owner wants, as people, policies and scheduled actions move it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from async_rollout.core.journal import Journal
from async_rollout.core.schedules import SCHEDULES
from async_rollout.core.tags import from_tags
from async_rollout.sandbox.history import What
from async_rollout.sandbox.world import World
from support.storms.noted import CaughtUp, Fired, Log, Lost, Sizes, Wanted, Word, sizes_of

GROUP = "web"

UNSEEN = 14.0
"""So long others' changes may not show in the look that a removal rests on, and so long its own calls may take."""
PATIENT = 60.0
"""So much longer a size must be steady before it is believed, so long an outsider's change may go unseen."""
BY_ITSELF = ("policy ", "schedule ")
"""How the names begin of what sets sizes beside people."""


class Owners(World):
    """See the module's docstring. follows: the rollout takes whoever moves desired at his word; unseen: so many seconds
    what he sets may stand before it is believed."""

    def __init__(self, seed: int, clock: Any) -> None:
        super().__init__(seed, clock)
        self.follows, self.unseen = False, PATIENT
        self.log = Log()
        self._read: Journal | None = None

    def record_of(self) -> Journal | None:
        group = self.state.groups.get(GROUP)
        tags = {tag.key: tag.value for tag in group.tags} if group else {}
        found = from_tags(tags, group.arn) if group else None
        self._read = found if isinstance(found, Journal) else self._read
        return found if isinstance(found, Journal) else None

    # --- who moves them

    def human_sets(self, name: str, **sizes: Any) -> None:
        self.advance()
        was = sizes_of(self.state.groups[name])
        super().human_sets(name, **sizes)
        self._were_set(was, sizes_of(self.state.groups[name]))

    def happened(self, what: What, who: str, group: str = "", instance: str = "", detail: str = "") -> None:
        super().happened(what, who, group, instance, detail)
        if what is What.SET_SIZES and who.startswith(BY_ITSELF):
            self._were_set(*(Sizes(*map(int, one.split("/"))) for one in detail.split(" -> ")))
        elif what is What.SCHEDULED_LOST:
            record = self.record_of()
            ours = record is not None and SCHEDULES in record.suspended
            self.log.lost.append(Lost(at=self.now, name=detail, ours=ours))
        elif what is What.SCHEDULED:
            record = self.record_of()
            holder, leased = ("", False) if record is None else (record.run, record.until >= self.now)
            self.log.fired.append(Fired(at=self.now, name=detail, holder=holder, leased=leased))

    # --- how it is noted

    def _desired(self) -> int:
        self.advance()
        return self.state.groups[GROUP].desired if GROUP in self.state.groups else 0

    def _were_set(self, was: Sizes, now: Sizes) -> None:
        log, record = self.log, self.record_of()
        log.words.append(Word(at=self.now, was=was, now=now, record=record))
        log.sizes |= {key: getattr(now, key) for key in log.sizes if getattr(now, key) != getattr(was, key)}
        log.maximum_at = self.now if now.maximum != was.maximum else log.maximum_at
        log.own_maximum = now.maximum if now.maximum != was.maximum else log.own_maximum
        if now.maximum != was.maximum and record is not None and now.maximum == record.raised:
            log.sizes["maximum"] = -1  # what we were about to write ourselves: nobody can tell whose it is
        elif log.sizes["maximum"] >= 0:
            log.sizes["maximum"] = max(log.sizes.values())
        self._was_moved(was.desired)

    def _were_caught_up(self, actor: str, was: Sizes) -> None:
        """We have set what scheduled actions come to; from now on that is what their owner wants."""
        log, now = self.log, sizes_of(self.state.groups[GROUP])
        log.caught_up.append(
            CaughtUp(
                at=self.now,
                actor=actor,
                was=was,
                now=now,
                maximum=log.sizes["maximum"] if log.sizes["maximum"] >= 0 else log.own_maximum,
                low=min(one.low for one in log.wanted[-2:]),
                high=max(one.high for one in log.wanted[-2:]),
                record=self.record_of(),
            )
        )
        log.sizes, log.own_maximum = {"minimum": now.minimum, "maximum": now.maximum}, now.maximum
        log.wanted.append(Wanted(at=self.now, low=now.desired, high=now.desired))

    def _was_moved(self, before: int) -> None:
        """Somebody else moved desired."""
        least = self.state.groups[GROUP].minimum if GROUP in self.state.groups else 0
        low, high = self._by_word(before) if self.follows else self._by_difference(before)
        self.log.wanted.append(Wanted(at=self.now, low=max(0, low), high=max(high, least)))

    def _by_difference(self, before: int) -> tuple[int, int]:
        """Up is wanted; down eats our lift first, as far as there is one.

        Of a raise, what we have recorded to ask for cannot be told from our own: that much is lift (RULES §1). So
        is what a terminate took out of desired, while the record does not say so: its conductor may be dead.
        What is raised above the owner's own maximum is lift too (1.4).
        """
        moved, last = self._desired() - before, self.log.wanted[-1]
        hidden = max(0, min(moved, self._asked(before) - before))
        low, high = last.low + moved - hidden, last.high + max(0, moved)
        return min(low, max(last.low, self.log.sizes["maximum"])), high

    def _by_word(self, before: int) -> tuple[int, int]:
        """Whatever is set is wanted, our lift and all; without a record of ours there is none.

        While more is asked for by our record than is there, it may be written over, or be taken for our own, or what we
        asked for comes on top of it. A cut may take back what nobody has believed yet.
        """
        now, last, asked = self._desired(), self.log.wanted[-1], self._asked(before)
        if self.record_of() is None and not self.log.forged:
            return now, now
        if now > before == asked:
            return min(now, max(last.low, self.log.sizes["maximum"])), max(last.high, now)
        known = self.log.wanted
        before_that = [one.low for one in known if one.at <= self.now - self.unseen][-1:]
        lately = [one.low for one in known if one.at > self.now - self.unseen]
        return min(now, *before_that, *lately), max(last.high, now + max(0, asked - before))

    def _asked(self, unless: int) -> int:
        """What our record says was asked for."""
        record = self.record_of()
        return unless if record is None else record.asked

    def _hidden_raise(self, before: int) -> None:
        """Our shrinking terminate ate a raise that no look can have shown: what is left of it is taken for our lift."""
        record, last = self.record_of(), self.log.wanted[-1]
        earlier = [one for one in self.log.wanted if one.at < self.now - UNSEEN]
        if record is not None and earlier and self._desired() < before and self._desired() <= record.asked:
            self.log.wanted.append(replace(last, at=self.now, low=min(last.low, earlier[-1].low)))
