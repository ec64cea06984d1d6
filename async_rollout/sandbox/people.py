"""What outsiders do to a group, beside the plain calls of AWS: new versions, refreshes, deletions, broken instances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from async_rollout.sandbox import balancers, leaving
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import Ground
from async_rollout.sandbox.records import Group


def edits(ground: Ground, name: str, change: Callable[[Group], Group], who: str, why: str) -> None:
    ground.put_group(change(ground.known(name)))
    ground.happened(What.EDIT, who, name, detail=why)
    ground.unsettled(name)
    ground.disturbed(name)


def releases(ground: Ground, template: str, image: str, *, default: bool, who: str) -> int:
    was = next(one for one in ground.state.templates.values() if one.name == template)
    number = was.latest + 1
    ground.put_template(
        replace(
            was,
            images=(*was.images, image or ground.new_id("ami")),
            default=number if default else was.default,
        )
    )
    ground.happened(What.TEMPLATE, who, detail=f"{template} version {number}")
    return number


def defaults(ground: Ground, template: str, number: int, who: str) -> None:
    was = next(one for one in ground.state.templates.values() if one.name == template)
    ground.put_template(replace(was, default=number))
    ground.happened(What.TEMPLATE, who, detail=f"{template} default version {number}")


def starts_refresh(ground: Ground, name: str, status: str, who: str) -> None:
    ground.put_group(replace(ground.known(name), refresh=status))
    ground.happened(What.REFRESH, who, name, detail=status)


def deletes(ground: Ground, name: str, who: str) -> None:
    """DeleteAutoScalingGroup with ForceDelete: every instance goes, then the group."""
    group = ground.known(name)
    ground.put_group(replace(group, status="Delete in progress", minimum=0, desired=0))
    ground.happened(What.DELETE, who, name)
    ground.unsettled(name)


def kills(ground: Ground, id: str, who: str) -> None:
    leaving.die(ground, id, who)


def breaks(ground: Ground, id: str, mended_after: float | None, who: str) -> None:
    one = ground.state.instances[id]
    ground.happened(What.DIED, who, one.group, id, "its application")
    _set_broken(ground, id, broken=True)
    if mended_after is not None:
        ground.after(mended_after, lambda: _set_broken(ground, id, broken=False))


def _set_broken(ground: Ground, id: str, *, broken: bool) -> None:
    ground.put_instance(replace(ground.state.instances[id], broken=broken))
    balancers.application_changed(ground, id)


def forgets(ground: Ground, id: str) -> None:
    """EC2 lists an instance no more, and its group keeps the row: as it was seen of one that stood by for long."""
    one = ground.state.instances[id]
    ground.put_instance(replace(one, forgotten=True, ec2="terminated"))
    balancers.application_changed(ground, id)
