"""Groups that launch from a numbered version, and runs that set the next one, good or bad."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.spec import LaunchCall, OnFailure, RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.world import World

SET = RolloutSpec(launch_template_version="2", launch=LaunchCall.DESIRED, canary_wait=0.0)
ROLLS = replace(SET, on_failure=OnFailure.ROLLBACK)


def pinned(
    world: World,
    *,
    name: str = "web",
    size: int = 3,
    version: str | None = "1",
    bad: bool = False,
    fails: float | None = None,
    **more: object,
) -> Group:
    """All of its instances are of version 1, which it launches; there is a version 2.

    bad: whatever is launched from that never gets healthy; fails: stops answering so many seconds after it did.
    """

    def edit(group: Group) -> Group:
        assert group.template is not None
        return replace(group, template=replace(group.template, version=version))

    group = a_group(world, name=name, size=size, maximum=2 * size, outdated=size, delay=20.0, edit=edit, **more)  # type: ignore[arg-type]
    if bad:
        world.troubles[name].sick_versions = frozenset({"2"})
    world.troubles[name].relapse = fails
    world.troubles[name].relapsing = frozenset({"2"})
    return group


def versions(world: World, name: str = "web") -> list[str]:
    """Of which version each member in service is, sorted."""
    members = (one for one in world.state.members(name) if one.lifecycle == "InService")
    return sorted(one.template.version or "" for one in members if one.template)


def launches_from(world: World, name: str = "web") -> str:
    """The version that the group names."""
    template = world.group(name).template
    assert template is not None
    return template.version or ""
