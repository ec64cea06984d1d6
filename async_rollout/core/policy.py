"""When a fact is believed, how often it is looked at, how long it is waited for: every number of looks or seconds.

Nobody else counts looks. A number names its source: a fact about AWS, a rule of ours, or a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Watched(Protocol):
    """Something that is seen again and again: since when, and in how many looks in a row."""

    @property
    def at(self) -> float: ...
    @property
    def looks(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A fact is believed after so many looks in a row, and so many seconds since the first of them. source: why."""

    looks: int = 1
    seconds: float = 0.0
    source: str

    def holds(self, seen: Watched | None, at: float) -> bool:
        """Whether what is watched has been so for long enough; at: AWS's time now."""
        return seen is not None and self.reached(looks=seen.looks, seconds=at - seen.at)

    def reached(self, *, looks: int, seconds: float) -> bool:
        """Whether so many looks in so many seconds are enough."""
        return looks >= self.looks and seconds >= self.seconds


STALE = "AWS: an answer may be as old as 30 s, and newer and older ones may follow each other"
GAP = "AWS: now and then an answer lacks a row that the one before and the one after have"

SIZE = Rule(looks=2, seconds=30.0, source=STALE)
"""A desired capacity, minimum or maximum that is not ours is somebody's doing."""
TORN = Rule(looks=3, seconds=30.0, source=f"{STALE}; a record of many tags is written tag by tag")
"""A record that is torn, gone or another's is so."""
OLD_RECORD = Rule(seconds=180.0, source="six times as long as an answer is known to be old")
"""A record older than the one we wrote is no old answer any more, but somebody's doing."""
LOST = Rule(seconds=30.0, source=STALE)
"""A newcomer that is gone before it served is lost."""
TOLD_BY = 60.0
"""Seconds that AWS is given to tell how one that left has ended: its own account of it may come as late as that."""
BATCH = 60.0
"""Seconds from launch to launch of one batch, at the most: they come to the same age in the same look."""
GONE = Rule(looks=3, source=GAP)
"""An instance on its way out that no look shows has left the group; one that no source lists was let go by all."""
UNFOUND = Rule(looks=3, seconds=30.0, source=f"{GAP}; {STALE}")
"""A load balancer or target group that AWS does not find is gone: something may go without asking it."""
GROUP_GONE = Rule(looks=3, seconds=30.0, source=f"AWS: pages of an answer may be empty; {STALE}")
"""A group that was there, and that AWS does not find, was deleted."""
SETTLED = Rule(looks=2, source=GAP)
"""As many InService as desired, and nothing under way."""
HOLLOW = Rule(looks=2, source=GAP)
"""Fewer instances than desired are there."""
ILL = Rule(looks=3, source="load balancers: one flap is no illness; counted only a check interval apart")
"""An instance that was well is ill; one that is sick before the first change is refused."""
PEER = Rule(looks=3, source=f"{STALE}: an older record may lack a departure")
"""The newest version of another's record is the one that stands."""
RIVAL = 90.0
"""Seconds for which another run's probe says that it may be about to write a record: it wrote on a look that showed it
at most OLDEST_LOOK old, no later than that after the look, and the call takes its time."""
RISEN = Rule(looks=2, seconds=30.0, source=f"{GAP}; {STALE}")
"""Desired capacity did not rise by what AWS has launched for us."""
TERMINATE_LOST = Rule(looks=3, seconds=30.0, source=STALE)
"""A terminate that was sent has not come to anything."""
OUT_AGAIN = Rule(looks=3, seconds=120.0, source=f"four times as long as an answer is known to be old; {GAP}")
"""One that AWS has put into Standby, and that reads InService, was brought back by its owner between two looks."""
BROUGHT_BACK = Rule(looks=3, seconds=30.0, source=STALE)
"""One whose before-command failed, and whom every source lists again, was registered back by others."""
REFUSED = Rule(looks=5, seconds=60.0, source="a rule of ours: five times the same words are an answer")
"""AWS's no to one act is for good; looks: how often it was said."""
OUTLASTED = Rule(seconds=600.0, source="a rule of ours: what AWS says for now is waited out for ten minutes")
"""AWS's `not now` is for good."""

RELIFT = Rule(seconds=300.0, source="target tracking waits for minutes of high metric before it scales out again")
"""After somebody's scaler has lowered desired, more than it says may be asked for again."""

OLDEST_LOOK = 30.0
"""No act rests on an older look: older answers than that are not known of AWS."""
DRAIN_OVERDUE = 10.0
"""Seconds after its delay in which a drain still ends as it should: our call took some of them."""
STARTED_BEFORE = 60.0
"""Seconds by which AWS's own time of a terminate may lie before ours."""
MARKED_LATE = 120.0
"""Seconds after it is registered back in which AWS's health check may still find that it was missing."""
MARKS_MAX = 3
"""So often an instance is marked healthy again before it is left to AWS."""
CLIMBS = 20
"""So many newcomers are learnt from: older ones may have been of another template."""
FAILED_TWICE = 2
"""One failed launch may be of AWS's making: the same kind a second time is not."""
QUOTA_LASTS = 120.0
"""Seconds without any launch after which a quota is believed to stay full."""
FAILURES_SETTLE = 180.0
"""Seconds after which a failure that settles by itself is believed not to."""

USUAL_INTERVAL = 5.0
"""Seconds between two looks: the original's."""
LONGEST_DURATION = 30 * 86_400.0
"""No duration above 30 days is taken: a typo in a unit must not become a wait without end."""

LAUNCHES_KEPT = 20
"""So many answers to launches are remembered."""
MUTE_AFTER = 2
"""Refusals of a kind that nobody knows, after which launches are asked for by desired capacity."""
LAUNCH_SHOWS = 120.0
"""Seconds after AWS's answer in which all that it brought is to be seen: four times as long as an answer is old."""
ASKED_AGAIN = 60.0
"""A launch without an answer is asked for again after as long as it has been asked for, at the most so many seconds."""
TOKEN_LASTS = 7 * 3600
"""AWS keeps a launch's token for 8 h: sent again later, the same call would launch anew."""

LEASE = 180
"""Seconds a record holds the group without renewal."""
BEAT = 60
"""An idle holder renews after so many seconds: a third of its lease."""
FRESH = 6 * 3600
"""A record renewed within so many seconds keeps its cutoff."""
PROBE_AGAIN = 15.0
"""A probe that does not show is put up again after so many seconds; it is absolute."""
RESEND = 15.0
"""A deregistration that does not show is sent again after so many seconds; it is absolute, so that is harmless."""

LONGEST_SLEEP = 30.0
"""Never blind for longer: the lease and an order to stop must be seen."""
ONE_LOOK = 1.0
"""Answers no further apart are of one look: those to calls that are made at once may come as far apart."""
OLDEST_HEALTH = 120.0
"""Everything is looked at so often, whether anything waits for it or not."""
SOON = 2.0
"""Seconds between two looks at what may change at any moment, and between those that prove a newcomer."""
SHARE = 0.03
"""Of the time something has taken so far: the seconds until the next look at it, if that is more."""
CALM = 10.0
"""Seconds between two looks at rows in which nothing is expected yet."""
RARE = 10.0
"""Seconds between two looks at what takes far too long."""
LEARNT = 0.9
"""Of the median of those before: so long nobody gets healthy."""
DATE_CUT = 2.0
"""A drain's end is as exact as AWS's Date, which is cut to seconds, and begins when the call arrives."""
SETTLE_PAUSE = 1.0
"""Seconds between two looks at a group that has to be settled in both."""
GONE_PAUSE = 2.0
"""Seconds between the looks that make sure that one is gone."""
REFRESH_AGE, REFRESH_EVERY = 60.0, 300.0
"""Whether an instance refresh has begun is asked again when somebody may be about to go and the last answer is so many
seconds old. It is a call that no other group can share, so where nobody is about to go it is asked less often."""
LONG_BOOT = 90.0
"""Seconds that the first newcomer may boot before it is worth a question why."""
LAUNCH_OVERDUE = 30.0
"""A launch that does not show after so many seconds is worth a look at the activities."""
RETRIED = 64.0
"""AWS tries a failed launch again after a minute, in another zone; a few seconds on, its activity shows."""

ZONE_RESTS = 300.0
"""Seconds for which a zone that lacked capacity is not tried again."""
HELD_LONG = 900.0
"""Longer than so many seconds nobody should be without scaling unawares."""
BOOT = 180.0
"""Assumed by a plan: from the launch request to healthy everywhere."""
SHUTDOWN = 60.0
"""Assumed by a plan: from the terminate call until the instance is gone."""

PROTECTED = 3600.0
"""Seconds that a protected one is waited for, then it is left: as long as AWS's Instance Refresh waits."""
GIVE_UP = 120.0
"""Seconds that a launch may stay out of sight before it is given up, where the rollout does not need it."""
BEGINS = 30.0
"""Seconds in which AWS may still be about to begin a launch: lowered then, desired would cost one that serves."""
WORK_MOVES = 360.0
"""Seconds that a plan expects work to take to move, where nobody knows: AWS's default deregistration delay of 300 s,
and a minute to begin elsewhere."""
