"""async-rollout: replace every instance of EC2 Auto Scaling groups without dropping a request.

    import async_rollout as ar

    async with ar.connect(region="eu-west-1") as cloud:
        summary = await ar.roll_out(cloud.groups("web", "api"), ar.RolloutSpec(max_surge=2), tell=print)

The names below are loaded when they are first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from async_rollout.aws.cloud import AwsCloud
    from async_rollout.aws.session import connect
    from async_rollout.aws.traffic.ecs.options import Ecs
    from async_rollout.core.actions import Outcome, Verdict
    from async_rollout.core.amounts import Amount
    from async_rollout.core.choices import MissedSchedules, Scaling, Standby
    from async_rollout.core.events import Event
    from async_rollout.core.plan import Plan
    from async_rollout.core.snapshot import Stop
    from async_rollout.core.spec import (
        HookCall,
        HookPoint,
        Hooks,
        LaunchCall,
        Limits,
        OnFailure,
        Protected,
        RolloutSpec,
        Scope,
    )
    from async_rollout.engine.fleet import restore, roll_out, rollback
    from async_rollout.engine.halt import Halt
    from async_rollout.engine.ports import GroupRef
    from async_rollout.engine.preview import Status, plan, status
    from async_rollout.engine.result import GroupResult, Summary
    from async_rollout.errors import (
        CredentialsError,
        RefusedError,
        RolloutError,
        UnknownGroupError,
        UnseenError,
        UsageError,
    )
    from async_rollout.sandbox import Sandbox

__version__ = "0.2.0"

_HOMES = {
    "async_rollout.aws.cloud": ("AwsCloud",),
    "async_rollout.aws.session": ("connect",),
    "async_rollout.aws.traffic.ecs.options": ("Ecs",),
    "async_rollout.core.actions": ("Outcome", "Verdict"),
    "async_rollout.core.amounts": ("Amount",),
    "async_rollout.core.choices": ("MissedSchedules", "Scaling", "Standby"),
    "async_rollout.core.events": ("Event",),
    "async_rollout.core.plan": ("Plan",),
    "async_rollout.core.snapshot": ("Stop",),
    "async_rollout.core.spec": (
        "HookCall", "HookPoint", "Hooks", "LaunchCall", "Limits", "OnFailure", "Protected", "RolloutSpec", "Scope",
    ),
    "async_rollout.engine.fleet": ("restore", "roll_out", "rollback"),
    "async_rollout.engine.halt": ("Halt",),
    "async_rollout.engine.ports": ("GroupRef",),
    "async_rollout.engine.preview": ("Status", "plan", "status"),
    "async_rollout.engine.result": ("GroupResult", "Summary"),
    "async_rollout.errors": (
        "CredentialsError", "RefusedError", "RolloutError", "UnknownGroupError", "UnseenError", "UsageError",
    ),
    "async_rollout.sandbox": ("Sandbox",),
}  # fmt: skip

__all__ = [
    "Amount", "AwsCloud", "CredentialsError", "Ecs", "Event", "GroupRef", "GroupResult", "Halt", "HookCall",
    "HookPoint", "Hooks", "LaunchCall", "Limits", "MissedSchedules", "OnFailure", "Outcome", "Plan", "Protected",
    "RefusedError", "RolloutError", "RolloutSpec", "Sandbox", "Scaling", "Scope", "Standby", "Status", "Stop",
    "Summary", "UnknownGroupError", "UnseenError", "UsageError", "Verdict", "connect", "plan", "restore", "roll_out",
    "rollback", "status",
]  # fmt: skip


def __getattr__(name: str) -> object:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
