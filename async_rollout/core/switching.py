"""What the owner wants a group to launch from, why that may not be, and what there is to roll back to (RULES §11).

Pure questions about an order, a group and what AWS says of versions; nothing here acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from async_rollout.core.actions import VersionOf
from async_rollout.core.journal import Journal
from async_rollout.core.observation import Group, Instance, Observation
from async_rollout.core.spec import OnFailure, RolloutSpec, Scope
from async_rollout.core.templates import Templates, fits, is_alias
from async_rollout.core.wording import told_of

DEFAULT = "$Default"
"""What a group launches from whose version was never given."""


def questions(spec: RolloutSpec) -> frozenset[VersionOf]:
    """What has to be asked of AWS before this order is begun."""
    named = {spec.launch_template_version, _configuration(spec), spec.rollback_version}
    back = {""} if spec.on_failure is OnFailure.ROLLBACK and spec.rollback_version is None else set()
    return frozenset(VersionOf(one) for one in (named - {None}) | back if one is not None)


def wanted(spec: RolloutSpec, group: Group) -> str:
    """What the group is to launch from, spelled as it is already where that means the same; empty: as it is."""
    if configuration := _configuration(spec):
        return configuration
    if spec.launch_template_version is None:
        return ""
    template, _, version = group.spelled.partition(":")
    if (version or DEFAULT) == spec.launch_template_version:
        return group.spelled
    return f"{template}:{spec.launch_template_version}"


def _configuration(spec: RolloutSpec) -> str | None:
    return None if spec.launch_configuration is None else f"lc:{spec.launch_configuration}"


def templates_of(spec: RolloutSpec, group: Group) -> Templates | None:
    """What the record is to keep of it, None: nothing."""
    if not (new := wanted(spec, group)):
        return None
    return Templates(found=group.spelled, wanted=new, policy=group.policy)


def way_back(spec: RolloutSpec, group: Group, record: Templates | None, version: str = "") -> str:
    """What to roll back to: what the owner names, else what was found, if that is no alias and not the release itself.

    Empty where there is no way back. version: named by the order to roll back.
    """
    found, set_to = (record.found, record.wanted) if record else (group.spelled, wanted(spec, group) or group.spelled)
    number = version or spec.rollback_version
    if not fits(found):
        return ""
    if number and not found.startswith("lc:"):
        return f"{found.partition(':')[0]}:{number}"
    return "" if number or found == set_to or is_alias(found) else found


def objections(spec: RolloutSpec, group: Group, versions: Mapping[str, str]) -> Iterator[str]:
    """Why what the owner wants cannot be set, or not be taken back, a sentence each."""
    rolls = spec.on_failure is OnFailure.ROLLBACK
    if spec.sets_template:
        yield from _unsettable(spec, group, versions)
    if (spec.sets_template or rolls) and group.own_templates:
        yield "overrides of its mixed instances policy have launch templates of their own: not supported"
    if rolls:
        yield from _no_way_back(spec, group, versions)


def _unsettable(spec: RolloutSpec, group: Group, versions: Mapping[str, str]) -> Iterator[str]:
    new, plain = wanted(spec, group), group.spelled.startswith("lc:")
    if plain and spec.launch_template_version is not None:
        yield "the group has a launch configuration, which has no versions: name another with --launch-configuration"
        return
    if group.policy and spec.launch_configuration is not None:
        yield "the group has a mixed instances policy, which takes no launch configuration"
        return
    if not versions.get(spec.launch_template_version or new):
        yield f"there is no {told_of(new)}"
    if is_alias(group.spelled) and not is_alias(new) and not spec.pin:
        has = group.spelled.partition(":")[2] or DEFAULT
        yield f"the group launches {has}, and {told_of(new)} would stay when that moves on (--pin: that is meant)"
    for one in (group.spelled, new):
        if not fits(one):
            yield f"{told_of(one)} cannot be written into a tag: its name is too long, or has letters that no tag takes"


def _no_way_back(spec: RolloutSpec, group: Group, versions: Mapping[str, str]) -> Iterator[str]:
    back = way_back(spec, group, None)
    if not back and group.spelled.startswith("lc:") and spec.rollback_version:
        yield "the group has a launch configuration, which has no versions: --rollback-version means nothing"
    elif not back:
        new = "what it is to launch from is what it launches from now" if spec.sets_template else "no version is set"
        has = "an alias is no way back" if is_alias(group.spelled) else new
        yield f"--on-failure rollback: {has}; name what to roll back to with --rollback-version"
    elif not versions.get(spec.rollback_version or ""):
        yield f"--on-failure rollback: there is no {told_of(back)} any more"


def is_in_scope(spec: RolloutSpec, observation: Observation, instance: Instance) -> bool:
    """Whether it is to be replaced, before anything is set or recorded."""
    if not spec.sets_template:
        return spec.scope is Scope.ALL or instance.outdated
    new, group = wanted(spec, observation.group), observation.group
    if new == group.spelled:
        return instance.outdated
    return instance.launched_from != (observation.versions.get(spec.launch_template_version or new) or new)


def is_in_place(journal: Journal, group: Group) -> bool:
    """The group launches from what it is to; what others have set stays theirs."""
    return journal.templates is None or group.spelled == journal.due or group.spelled not in journal.templates.ours


def sets(spec: RolloutSpec, group: Group) -> str:
    """What the order would set; empty where it sets nothing."""
    new = wanted(spec, group)
    return "" if new == group.spelled else new


def launched_from(spec: RolloutSpec, observation: Observation) -> str:
    """What new ones would be launched from, an alias as what it comes to."""
    new = sets(spec, observation.group)
    return observation.versions.get(spec.launch_template_version or new) or new or observation.group.template


def set_and_back(spec: RolloutSpec, group: Group) -> Iterator[str]:
    """What the owner ought to know of it before."""
    if new := sets(spec, group):
        yield (
            f"sets what the group launches from: your IaC still says {told_of(group.spelled)}, and sets that again "
            f"unless you have it say {told_of(new)}"
        )
    if spec.on_failure is OnFailure.ROLLBACK and (back := way_back(spec, group, None)):
        yield f"if it fails, what is new is replaced by {told_of(back)} again"
