"""Who asks: always the same one."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table


def identity(asked: Asked) -> Params:
    account = asked.world.account
    return {"Account": account, "Arn": f"arn:aws:iam::{account}:user/sandbox", "UserId": "AIDASANDBOX0000000000"}


TABLE: Table = {"GetCallerIdentity": identity}
