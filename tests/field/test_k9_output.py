"""K9: what a hook says may hold a secret, and tags are read by many: nothing of it goes into the record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from async_rollout.core.events import HookEnded
from async_rollout.core.spec import Hook, HookCall, Hooks, Limits, RolloutSpec
from async_rollout.engine.ports import HookResult
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.world import World
from support.simulation import InstantHooks, simulate

SECRET = "hunter2"


async def talking(
    self: InstantHooks, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]
) -> HookResult:
    """It fails, and says its secret last."""
    return HookResult(ok=False, code=3, said=f"password={SECRET}", seconds=1.0)


async def bad(call: HookCall) -> int:
    return 3


@pytest.mark.parametrize("point", ["up_check", "before_terminate", "after_terminate"])
def test_k9_no_word_of_a_hook_is_in_a_tag(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    put = World.put_tags

    def noted(self: World, group: str, tags: list[Tag], **more: object) -> object:
        written.extend(tag.value for tag in tags)
        return put(self, group, tags, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(World, "put_tags", noted)
    monkeypatch.setattr(InstantHooks, "run", talking)
    hooks = Hooks(**{point: bad})  # type: ignore[arg-type]
    run = simulate("at-max", RolloutSpec(hooks=hooks, limits=Limits(healthy=120.0)))
    assert any(SECRET in one.said for one in run.events if isinstance(one, HookEnded))
    assert SECRET in run.result.verdict.why, "people see it"
    assert [value for value in written if "code=" in value]
    assert not [value for value in written if SECRET in value]
