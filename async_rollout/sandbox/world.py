"""The world: one simulated account and region, the truth of the sandbox.

Each public method is one thing that somebody can do: the calls of AWS (they raise AwsError as AWS would; `who` is
"owner" through a door) and the deeds of outsiders. What AWS then does by itself stands in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from async_rollout.sandbox import (
    alarms,
    balancers,
    calls,
    health,
    hooks,
    launch_instances,
    leaving,
    membership,
    people,
    scalers,
    scaling,
    schedules,
    sources,
    standby,
)
from async_rollout.sandbox.ecs.deeds import Ecs
from async_rollout.sandbox.history import Census
from async_rollout.sandbox.launch_tokens import LaunchAnswer, LaunchRequest
from async_rollout.sandbox.records import Activity, Group, Hook, ScheduledAction, Tag
from async_rollout.sandbox.scalers import Load
from async_rollout.sandbox.simulation import HUMAN, OWNER, Clock, Simulation

Moved = tuple[Activity, ...]
"""What AWS tells at once of instances that join, leave or stand by."""


class World(Simulation):
    """A simulated AWS; `World(seed, clock)`: the same seed and calls give the same trace. ecs: its clusters."""

    def __init__(self, seed: int = 0, clock: Clock | None = None, *, region: str = "eu-west-1") -> None:
        super().__init__(seed, clock, region=region)
        self.errands.update(reconcile=scaling.reconcile, health=health.look)
        self.ecs = Ecs(self)

    # --- Auto Scaling calls. Raise AwsError as AWS would. `who` is "owner" through a door

    def set_desired_capacity(self, name: str, desired: int, *, who: str = OWNER) -> None:
        with self.access():
            calls.set_desired(self, name, desired, who)

    def update_group(
        self, name: str, *, minimum: int | None = None, maximum: int | None = None, desired: int | None = None,
        health_check_type: str | None = None, grace: float | None = None, who: str = OWNER,
    ) -> None:  # fmt: skip
        with self.access():
            calls.update_sizes(self, name, minimum, maximum, desired, who)
            calls.update_health(self, name, health_check_type, grace)

    def suspend(self, name: str, processes: Sequence[str], *, who: str = OWNER) -> None:
        """An empty sequence means all, as in AWS."""
        with self.access():
            calls.suspend(self, name, tuple(processes), who)

    def resume(self, name: str, processes: Sequence[str], *, who: str = OWNER) -> None:
        """An empty sequence means all, as in AWS."""
        with self.access():
            calls.resume(self, name, tuple(processes), who)

    def terminate(self, id: str, *, decrement: bool, who: str = OWNER) -> Activity:
        """TerminateInstanceInAutoScalingGroup."""
        with self.access():
            return leaving.asked(self, id, decrement=decrement, who=who)

    def launch_instances(
        self, name: str, zone: str | None, count: int, token: str, *, retry: bool = False, who: str = OWNER
    ) -> LaunchAnswer:
        """LaunchInstances. zone None: the one that the group has. retry: RetryStrategy retry-with-group-configuration.

        The answer is given at `LaunchAnswer.ready_at`, and a door waits for that.
        """
        with self.access():
            asked = LaunchRequest(group=name, zone=zone, count=count, retry=retry)
            return launch_instances.launch_instances(self, asked, token, who)

    def put_tags(self, name: str, tags: Sequence[Tag], *, who: str = OWNER) -> None:
        with self.access():
            calls.put_tags(self, name, tuple(tags), who)

    def delete_tags(self, name: str, keys: Sequence[str], *, who: str = OWNER) -> None:
        with self.access():
            calls.delete_tags(self, name, tuple(keys), who)

    def set_health(self, id: str, status: str, *, who: str = OWNER) -> None:
        """SetInstanceHealth: "Healthy" or "Unhealthy"."""
        with self.access():
            health.mark(self, id, status, who, "SetInstanceHealth")

    def protect(self, name: str, ids: Sequence[str], *, protected: bool, who: str = OWNER) -> None:
        with self.access():
            calls.protect(self, name, tuple(ids), protected=protected, who=who)

    def enter_standby(self, name: str, ids: Sequence[str], *, decrement: bool, who: str = OWNER) -> Moved:
        with self.access():
            return standby.enter(self, name, tuple(ids), decrement=decrement, who=who)

    def exit_standby(self, name: str, ids: Sequence[str], *, who: str = OWNER) -> Moved:
        with self.access():
            return standby.leave(self, name, tuple(ids), who)

    def attach(self, name: str, ids: Sequence[str], *, who: str = OWNER) -> None:
        """AttachInstances."""
        with self.access():
            membership.attach(self, name, tuple(ids), who)

    def detach(self, name: str, ids: Sequence[str], *, decrement: bool, who: str = OWNER) -> Moved:
        """DetachInstances."""
        with self.access():
            return membership.detach(self, name, tuple(ids), decrement=decrement, who=who)

    def complete_lifecycle(self, id: str, hook: str, result: str, *, who: str = OWNER) -> None:
        """CompleteLifecycleAction; result CONTINUE or ABANDON."""
        with self.access():
            hooks.complete(self, id, hook, result, who)

    def heartbeat(self, id: str, hook: str, *, who: str = OWNER) -> None:
        """RecordLifecycleActionHeartbeat."""
        with self.access():
            hooks.heartbeat(self, id, hook, who)

    def put_hook(self, name: str, hook: Hook, *, who: str = OWNER) -> None:
        with self.access():
            hooks.put(self, name, hook, who)

    def delete_hook(self, name: str, hook: str, *, who: str = OWNER) -> None:
        with self.access():
            hooks.delete(self, name, hook, who)

    def put_scheduled(self, name: str, action: ScheduledAction, *, who: str = OWNER) -> None:
        """PutScheduledUpdateGroupAction."""
        with self.access():
            schedules.put(self, name, action, who)

    def delete_scheduled(self, name: str, action: str, *, who: str = OWNER) -> None:
        with self.access():
            schedules.delete(self, name, action, who)

    def attach_sources(self, name: str, ids: Sequence[str], *, who: str = OWNER) -> None:
        """AttachLoadBalancers (names), AttachLoadBalancerTargetGroups (ARNs), AttachTrafficSources (both)."""
        with self.access():
            sources.attach(self, name, tuple(ids), who)

    def detach_sources(self, name: str, ids: Sequence[str], *, who: str = OWNER) -> None:
        with self.access():
            sources.detach(self, name, tuple(ids), who)

    def keep_policies(self, name: str, policies: Mapping[str, str], *, who: str = OWNER) -> None:
        """The group's scaling policies from now on, by name, each as JSON."""
        with self.access():
            calls.keep_policies(self, name, policies, who)

    # --- load balancer calls

    def register(self, source: str, id: str, port: int | None = None, *, who: str = OWNER) -> None:
        """source: a target group's ARN or a Classic Load Balancer's name; port None: the source's own."""
        with self.access():
            balancers.register(self, source, id, port, who)

    def deregister(self, source: str, id: str, port: int | None = None, *, who: str = OWNER) -> None:
        """port None: as AWS, only the registration without an override of the port."""
        with self.access():
            balancers.deregister(self, source, id, port, who)

    # --- outsiders (see people.py)

    def human_sets(
        self, name: str, *, desired: int | None = None, minimum: int | None = None, maximum: int | None = None,
        who: str = HUMAN,
    ) -> None:  # fmt: skip
        with self.access():
            calls.update_sizes(self, name, minimum, maximum, desired, who)

    def human_edits(self, name: str, change: Callable[[Group], Group], *, who: str = HUMAN, why: str = "") -> None:
        """Any other change of a group's record: policies, sources, health check type."""
        with self.access():
            people.edits(self, name, change, who, why)

    def human_releases(self, template: str, image: str = "", *, default: bool = True, who: str = HUMAN) -> int:
        """A new version of the launch template of that name; returns its number."""
        with self.access():
            return people.releases(self, template, image, default=default, who=who)

    def human_defaults(self, template: str, number: int, *, who: str = HUMAN) -> None:
        """Another version of the launch template becomes its default."""
        with self.access():
            people.defaults(self, template, number, who)

    def human_deletes_version(self, template: str, number: int, *, who: str = HUMAN) -> None:
        """A version of a launch template (its name) is deleted; groups may go on naming it. Not the default one."""
        with self.access():
            people.deletes_version(self, template, number, who)

    def human_starts_refresh(self, name: str, status: str = "InProgress", *, who: str = HUMAN) -> None:
        with self.access():
            people.starts_refresh(self, name, status, who)

    def human_deletes_group(self, name: str, *, who: str = HUMAN) -> None:
        with self.access():
            people.deletes(self, name, who)

    def delete_source(self, source: str, *, who: str = HUMAN) -> None:
        """A target group (its ARN) or a Classic Load Balancer (its name) is no more; its groups go on naming it."""
        with self.access():
            balancers.delete(self, source, who)

    def shift_zone(self, source: str, zone: str, *, active: bool = True, who: str = HUMAN) -> None:
        """A zonal shift of the load balancer of this target group (its ARN) begins, or ends."""
        with self.access():
            balancers.shift(self, source, zone, who, active=active)

    def kill(self, id: str, *, who: str = HUMAN, reason: str = leaving.BY_USER) -> None:
        """The instance dies: EC2 terminates it and its group learns of it by its health check. reason: EC2's code."""
        with self.access():
            people.kills(self, id, who, reason)

    def forget(self, id: str) -> None:
        """EC2 lists it no more, its group still does."""
        with self.access():
            people.forgets(self, id)

    def break_app(self, id: str, *, mended_after: float | None = None, who: str = HUMAN) -> None:
        """Its application stops answering, for ever or for so many seconds."""
        with self.access():
            people.breaks(self, id, mended_after, who)

    def strike(self, group: str, seconds: float, *, who: str = HUMAN) -> None:
        """Every application of the group stops answering for so many seconds: what they all need is gone."""
        with self.access():
            people.strikes(self, group, seconds, who)

    def autoscale(self, at: float, name: str, delta: int | Callable[[Census], int], *, who: str = "autoscaler") -> None:
        """`at` seconds from now a scaling policy moves desired by delta, unless AlarmNotification is suspended."""
        with self.access():
            alarms.autoscale(self, at, name, delta, who)

    def load(self, name: str, load: Load) -> None:
        """From now on a load falls on the group, and its scaling policies answer to it, unless they are suspended."""
        with self.access():
            scalers.drive(self, name, load)

    def schedule(self, name: str, action: ScheduledAction) -> None:
        """Give the group a scheduled action, whatever AWS would say to it."""
        with self.access():
            schedules.schedule(self, name, action)
