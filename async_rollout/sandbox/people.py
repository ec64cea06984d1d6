"""What outsiders do to a group, beside the plain calls of AWS: new versions, refreshes, deletions, broken instances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from async_rollout.sandbox import balancers, leaving, templates
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.simulation import Simulation


def edits(simulation: Simulation, name: str, change: Callable[[Group], Group], who: str, why: str) -> None:
    before = simulation.known(name)
    simulation.put_group(after := change(before))
    simulation.happened(What.EDIT, who, name, detail=why)
    if templates.spelled(before) != templates.spelled(after):
        simulation.happened(What.TEMPLATE, who, name, detail=templates.spelled(after))
    simulation.unsettled(name)
    simulation.disturbed(name)


def releases(simulation: Simulation, template: str, image: str, *, default: bool, who: str) -> int:
    was = next(one for one in simulation.state.templates.values() if one.name == template)
    number = was.latest + 1
    simulation.put_template(
        replace(
            was,
            images=(*was.images, image or simulation.new_id("ami")),
            default=number if default else was.default,
        )
    )
    simulation.happened(What.TEMPLATE, who, detail=f"{template} version {number}")
    return number


def defaults(simulation: Simulation, template: str, number: int, who: str) -> None:
    was = next(one for one in simulation.state.templates.values() if one.name == template)
    simulation.put_template(replace(was, default=number))
    simulation.happened(What.TEMPLATE, who, detail=f"{template} default version {number}")


def deletes_version(simulation: Simulation, template: str, number: int, who: str) -> None:
    """DeleteLaunchTemplateVersions. Raises ValueError for the default one, and for one that is not there."""
    was = next(one for one in simulation.state.templates.values() if one.name == template)
    if number == was.default or number not in set(range(1, was.latest + 1)) - was.deleted:
        raise ValueError(f"{template} has no version {number} that could be deleted")
    simulation.put_template(replace(was, deleted=was.deleted | {number}))
    simulation.happened(What.TEMPLATE, who, detail=f"{template} version {number} deleted")


def starts_refresh(simulation: Simulation, name: str, status: str, who: str) -> None:
    simulation.put_group(replace(simulation.known(name), refresh=status))
    simulation.happened(What.REFRESH, who, name, detail=status)


def deletes(simulation: Simulation, name: str, who: str) -> None:
    """DeleteAutoScalingGroup with ForceDelete: every instance goes, then the group."""
    group = simulation.known(name)
    simulation.put_group(replace(group, status="Delete in progress", minimum=0, desired=0))
    simulation.happened(What.DELETE, who, name)
    simulation.unsettled(name)


def kills(simulation: Simulation, id: str, who: str, reason: str = leaving.BY_USER) -> None:
    leaving.die(simulation, id, who, reason)


def breaks(simulation: Simulation, id: str, mended_after: float | None, who: str) -> None:
    one = simulation.state.instances[id]
    if one.ec2 == "terminated":
        return
    simulation.happened(What.DIED, who, one.group, id, "its application")
    _set_broken(simulation, id, broken=True)
    if mended_after is not None:
        simulation.after(mended_after, lambda: _set_broken(simulation, id, broken=False))


def strikes(simulation: Simulation, group: str, seconds: float, who: str) -> None:
    """What all of them need is gone for so long: a database, say. Who comes meanwhile does not come up before."""
    simulation.troubles[group].ill_until = simulation.now + seconds
    for member in simulation.state.members(group):
        if not member.broken:
            breaks(simulation, member.id, seconds, who)


def _set_broken(simulation: Simulation, id: str, *, broken: bool) -> None:
    simulation.put_instance(replace(simulation.state.instances[id], broken=broken))
    balancers.application_changed(simulation, id)


def forgets(simulation: Simulation, id: str) -> None:
    """EC2 lists an instance no more, and its group keeps the row: as it was seen of one that stood by for long."""
    one = simulation.state.instances[id]
    simulation.put_instance(replace(one, forgotten=True, ec2="terminated"))
    balancers.application_changed(simulation, id)
