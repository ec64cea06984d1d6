"""How each group is rolled, as options of the command line, and the rollout that they order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from async_rollout.cli.options import amount, command, duration, option
from async_rollout.core.amounts import Amount
from async_rollout.core.choices import MissedSchedules, Scaling, Standby
from async_rollout.core.others import ALLOWANCES
from async_rollout.core.spec import Hooks, LaunchCall, Limits, OnFailure, Protected, RolloutSpec, Scope
from async_rollout.core.withheld import FLAGS

ONE, NONE = Amount(value=1), Amount(value=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How each group is rolled; becomes a RolloutSpec."""

    force: Annotated[
        bool, option("-f", "--force", help="Skip the health pre-checks; reset processes found suspended.")
    ] = False
    skip_elb_health_check: Annotated[
        bool,
        option("-s", "--skip-elb-health-check", help="New instances need not be healthy in their load balancers."),
    ] = False
    wait_for_seconds: Annotated[
        float, duration("-w", "--wait-for-seconds", help="Wait between drained and terminate.", shown="0")
    ] = 0.0
    check_if_new_server_is_up_command: Annotated[
        str | None,
        command(
            "-u",
            "--check-if-new-server-is-up-command",
            help="Repeated each check interval until it returns 0. Tokens: NEW_INSTANCE_ID, "
            "NEW_INSTANCE_PRIVATE_IP_ADDRESS, NEW_INSTANCE_PUBLIC_IP_ADDRESS.",
        ),
    ] = None
    run_before_draining_command: Annotated[
        str | None,
        command(
            "--run-before-draining-command",
            help="While it serves still, before it is deregistered; anything but 0: it serves on, and the run halts; "
            "an extra instance of ours goes all the same. Tokens as for -b.",
        ),
    ] = None
    run_before_server_going_down_command: Annotated[
        str | None,
        command(
            "-b",
            "--run-before-server-going-down-command",
            help="After drained, before the wait; anything but 0: into Standby, halts. Tokens: OLD_INSTANCE_ID, "
            "OLD_INSTANCE_PRIVATE_IP_ADDRESS, OLD_INSTANCE_PUBLIC_IP_ADDRESS.",
        ),
    ] = None
    run_after_server_going_down_command: Annotated[
        str | None,
        command(
            "-d",
            "--run-after-server-going-down-command",
            help="After terminate; anything but 0 halts. Tokens as for -b.",
        ),
    ] = None
    check_interval: Annotated[
        float | None,
        duration("--check-interval", help="Look so often, instead of when it is worth it.", shown="learnt, 2 to 5s"),
    ] = None
    max_timeout: Annotated[
        float | None, duration("--max-timeout", help="For the whole run; each stage has its own beside.", shown="none")
    ] = None
    max_surge: Annotated[Amount, amount("--max-surge", help="New ones above the group's size.", shown="1")] = ONE
    max_unavailable: Annotated[
        Amount, amount("--max-unavailable", help="Serving ones that may be missing below its size.", shown="0")
    ] = NONE
    max_draining: Annotated[
        Amount | None,
        amount(
            "--max-draining",
            help="Old ones draining or terminating beside the surge; 0: strictly one after the other.",
            shown="the larger of the two",
        ),
    ] = None
    max_failures: Annotated[
        Amount | None,
        amount(
            "--max-failures",
            help="With so many new ones that fail, before they serve or after, all is put back.",
            shown="10%, at least 2",
        ),
    ] = None
    min_ready: Annotated[
        float | None,
        duration(
            "--min-ready",
            help="A new one has to be ready so long before an old one goes for it.",
            shown="as the group says",
        ),
    ] = None
    canary_wait: Annotated[
        float | None,
        duration(
            "--canary-wait",
            help="The first new one has to stay ready so long, one at a time till then.",
            shown="2m",
        ),
    ] = None
    launch_template_version: Annotated[
        str | None,
        option(
            "--launch-template-version",
            metavar="V",
            help="Set the group's launch template version first, a number, $Latest or $Default; replace what is not on "
            "it. A run that does not end whole sets the one back that it found.",
        ),
    ] = None
    launch_configuration: Annotated[
        str | None,
        option("--launch-configuration", metavar="NAME", help="The same of a group with a launch configuration."),
    ] = None
    pin: Annotated[
        bool, option("--pin", help="Set a number in the place of $Latest or $Default, too: it stays there then.")
    ] = False
    rollback_version: Annotated[
        str | None,
        option(
            "--rollback-version",
            metavar="V",
            help="Roll back to this launch template version; else to what the run found, if that was a number or a "
            "launch configuration.",
        ),
    ] = None
    only_outdated: Annotated[
        bool,
        option("--only-outdated", help="Skip instances already on the group's template version or configuration."),
    ] = False
    launch_timeout: Annotated[
        float, duration("--launch-timeout", help="Launch to InService, and launching hooks beside.", shown="10m")
    ] = Limits().launch
    healthy_timeout: Annotated[
        float, duration("--healthy-timeout", help="InService to healthy, the up-check included.", shown="15m")
    ] = Limits().healthy
    drain_timeout: Annotated[
        float, duration("--drain-timeout", help="Draining, the deregistration delay beside.", shown="5m")
    ] = Limits().drain
    hook_timeout: Annotated[float, duration("--hook-timeout", help="Each command of an old instance.", shown="1h")] = (
        Limits().hook
    )
    terminate_timeout: Annotated[
        float, duration("--terminate-timeout", help="Terminate to gone, terminating hooks beside.", shown="15m")
    ] = Limits().terminate
    stop_grace: Annotated[
        float,
        duration("--stop-grace", help="What a stop at once (SIGTERM) may take; 25 for Kubernetes.", shown="5s"),
    ] = RolloutSpec().stop_grace
    on_failure: Annotated[
        OnFailure,
        option(
            "--on-failure",
            help="Put everything back; or stop and leave it as it is, recorded; or put it back, then replace what is "
            "new by what was there before.",
        ),
    ] = OnFailure.RESTORE
    protected: Annotated[
        Protected | None,
        option(
            "--protected",
            show_default=False,
            help="Old ones protected from scale-in: wait for them up to an hour, skip or replace. [default: wait]",
        ),
    ] = None
    standby: Annotated[
        Standby, option("--standby", help="Old ones in Standby: leave them, or terminate them last.")
    ] = Standby.SKIP
    launch: Annotated[
        LaunchCall,
        option(
            "--launch",
            help="Ask for new ones by LaunchInstances (answered), by SetDesiredCapacity (desired) or as may be (auto).",
        ),
    ] = LaunchCall.AUTO
    scaling: Annotated[
        Scaling,
        option("--scaling", help="Alarms and scheduled actions meanwhile: suspend them, or let them run and follow."),
    ] = Scaling.HOLD
    missed_schedules: Annotated[
        MissedSchedules,
        option("--missed-schedules", help="Scheduled actions that fall due meanwhile: set at the end, or only named."),
    ] = MissedSchedules.APPLY
    without_commands: Annotated[
        bool,
        option("--without-commands", help="Go on from a run that had commands without them: that is what is meant."),
    ] = False
    allow: Annotated[
        list[str] | None,
        option(
            "--allow",
            metavar="NAME",
            help=f"Roll a group that would be refused: {', '.join(ALLOWANCES)}; repeatable.",
        ),
    ] = None


def spec_of(
    order: Order,
    *,
    draining: Amount | None = None,
    protected: Protected = Protected.WAIT,
    min_ready: float | None = None,
    canary_wait: float = RolloutSpec().canary_wait,
) -> RolloutSpec:
    """The rollout that was ordered. draining and so on: what their options are if not given. May raise UsageError."""
    return RolloutSpec(
        scope=Scope.OUTDATED if order.only_outdated else Scope.ALL,
        max_surge=order.max_surge,
        max_unavailable=order.max_unavailable,
        max_draining=order.max_draining if order.max_draining is not None else draining,
        max_failures=order.max_failures,
        min_ready=order.min_ready if order.min_ready is not None else min_ready,
        canary_wait=order.canary_wait if order.canary_wait is not None else canary_wait,
        hooks=_hooks(order),
        wait_before_terminate=order.wait_for_seconds,
        require_healthy_group=not order.force,
        require_healthy_targets=not order.skip_elb_health_check,
        check_interval=order.check_interval,
        limits=_limits(order),
        on_failure=order.on_failure,
        allow=frozenset(order.allow or ()),
        protected=order.protected or protected,
        standby=order.standby,
        launch=order.launch,
        launch_template_version=_given(order.launch_template_version),
        launch_configuration=_given(order.launch_configuration),
        pin=order.pin,
        rollback_version=_given(order.rollback_version),
        scaling=order.scaling,
        missed_schedules=order.missed_schedules,
        without_commands=order.without_commands,
        stop_grace=order.stop_grace,
    )


def _hooks(order: Order) -> Hooks:
    """An empty command, as an unset variable of a script leaves it, is none."""
    return Hooks(
        up_check=_given(order.check_if_new_server_is_up_command),
        before_draining=_given(order.run_before_draining_command),
        before_terminate=_given(order.run_before_server_going_down_command),
        after_terminate=_given(order.run_after_server_going_down_command),
    )


def commands_of(order: Order) -> tuple[str, ...]:
    """The words of the line that give commands, for whoever goes on from this run."""
    hooks = _hooks(order)
    given = ((flag, hooks.at(point)) for point, flag in FLAGS.items())
    return tuple(word for flag, text in given if isinstance(text, str) for word in (flag, text))


def _given(text: str | None) -> str | None:
    """An empty one, as an unset variable of a script leaves it, is none."""
    return text if text and text.strip() else None


def _limits(order: Order) -> Limits:
    return Limits(
        launch=order.launch_timeout,
        healthy=order.healthy_timeout,
        drain=order.drain_timeout,
        hook=order.hook_timeout,
        terminate=order.terminate_timeout,
        total=order.max_timeout,
    )
