"""Of newcomers that AWS or somebody has ended: whether that speaks against the release, by what AWS says of it.

One rule for who left before it served and for who is a member still. EC2's code is asked first, whoever
has told by then. A spot instance that was taken back says nothing of the release. That a call has ended it
(UserInitiatedShutdown) EC2 says of whomever a person has ended, and of whomever Auto Scaling has: then, and where EC2
has told no code in its time, only Auto Scaling's own words tell. As long as they do not, or name its health, it counts.
"""

from __future__ import annotations

from async_rollout.core.history import History
from async_rollout.core.policy import LOST, TOLD_BY

RECLAIMED = "Server.SpotInstanceTermination"
CALLED = "Client.UserInitiatedShutdown"
NO_FAULT = ("response to a user request", "a difference between desired and actual capacity", "rebalance")
"""What Auto Scaling says where it ends one for no fault of its own."""
FOUND = "has been terminated or stopped"
"""What it says of one that it only found ended: then the call that EC2 tells of was not its own."""


def _is_known(history: History) -> bool:
    """What was told so far tells by whose doing it ended."""
    return bool(history.end) and (history.end != CALLED or bool(history.cause))


def is_told(history: History, at: float) -> bool:
    """It left long enough ago to be believed, and AWS has told of it, or had the time to."""
    gone = at - history.lost_since if history.lost_since is not None else 0.0
    return gone >= LOST.seconds + TOLD_BY or (gone >= LOST.seconds and _is_known(history))


def is_no_fault(end: str, cause: str = FOUND) -> bool:
    """It was not ended for anything that it did or lacked.

    end: EC2's code, cause: Auto Scaling's words, each empty as long as that is not told. Of a member Auto Scaling can
    but have found that it was ended.
    """
    if end not in ("", CALLED):
        return end == RECLAIMED
    return (end == CALLED and FOUND in cause) or any(words in cause for words in NO_FAULT)


def is_to_ask(history: History, at: float) -> bool:
    """Whether AWS is still to be asked how it ended."""
    return history.lost_since is not None and not (history.failed or is_told(history, at) or _is_known(history))


def is_ill(history: History) -> bool:
    """It was proven, and by now is ill, or was when it was taken out."""
    return history.proven and history.sick


def is_asked(history: History, at: float) -> bool:
    """Of one that is ill: EC2 has said since then whether it runs it, or had the time to."""
    since = history.ill_since or 0.0
    return bool(history.end) or (history.run_at or 0.0) >= since or at - since >= TOLD_BY
