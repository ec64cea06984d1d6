"""LaunchInstances: the call that asks for new instances in one zone, and what its reply says. Pure.

It answers when EC2 has: with the ids of what came, and the reason for each pool of which nothing did. Both may be in
one reply, which says 200 also where nothing came at all.
"""

from __future__ import annotations

from async_rollout.aws.calls import Body, Call, autoscaling
from async_rollout.aws.throttle import PASSING, Patience
from async_rollout.core.actions import Launch
from async_rollout.core.outcomes import LaunchError
from async_rollout.engine.ports import Done
from async_rollout.errors import BrokenError

LAUNCH = Patience(at=PASSING, each=30.0, total=60.0, doubts=True)
"""A lost answer is asked for again too: for 8 h the same token is answered as it was the first time, so nothing is
launched twice. AWS waits for EC2 before it answers, longer than any other act takes. What was sent and not answered is
told by an answer alone: a no to the repeat (credentials that ended meanwhile) says nothing of what went before it."""


def launch_call(group: str, action: Launch) -> Call:
    """The call. Raises BrokenError where AWS would choose the zone itself, or has nothing to launch.

    Nothing is tried again by AWS: a failure leaves desired capacity as it is, and where to ask next is decided here.
    """
    if not action.zone or action.count < 1:
        raise BrokenError(f"a launch is of one instance at least, and names its zone, not {action}")
    return autoscaling(
        "LaunchInstances",
        AutoScalingGroupName=group,
        RequestedCapacity=action.count,
        ClientToken=action.token,
        AvailabilityZones=[action.zone],
        RetryStrategy="none",
    )


def launched(body: Body) -> Done:
    """What came, and why the rest did not. One reason may stand for several instances that did not come."""
    return Done(
        launched=tuple(id for pool in body.get("Instances") or () for id in pool.get("InstanceIds") or ()),
        errors=tuple(
            LaunchError(code=error.get("ErrorCode") or "Unknown", message=error.get("ErrorMessage") or "")
            for error in body.get("Errors") or ()
        ),
    )
