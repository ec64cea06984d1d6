"""A task's life: placed, started, RUNNING, and the long way down: DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.

What needs the host's agent (to start, to send SIGTERM) waits as long as that one is gone: the task is stalled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from async_rollout.sandbox.ecs import placement, targets
from async_rollout.sandbox.ecs.records import BEFORE_RUNNING, Definition, Host, Service, Task
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.words import EXITED, FORCED, HOST_ENDED
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import AWS

QUICK = 1.0
"""Seconds in which an agent stops what does not run yet."""


def new(room: Room, service: Service | None, definition: Definition, cluster: str, *, by: str = "") -> Task:
    """A task that has no place yet. by: who ran it, where it is no service's."""
    return Task(
        arn=room.arn(f"task/{cluster}/{room.new_id()}"),
        cluster=cluster,
        definition=definition.arn,
        group=f"service:{service.name}" if service else f"family:{definition.family}",
        service=service.arn if service else None,
        deployment=service.deployments[0].id if service else "",
        created_at=room.now,
        started_by=service.deployments[0].id if service else by,
    )


def place(room: Room, task: Task, host: Host, who: str = AWS) -> None:
    """It has its resources there from now on."""
    definition = room.state.definitions[task.definition]
    own = definition.network == "awsvpc"
    placed = replace(
        task,
        host=host.arn,
        port=placement.port(room, host, definition),
        ip=address(room) if own else None,
        last="PROVISIONING" if own else "PENDING",
    )
    room.put_task(placed)
    room.told(What.TASK, placed, who)
    if own:
        _later(room, placed, room.timing.interface, _pend)
    else:
        _start(room, placed)


def address(room: Room) -> str:
    """In 10.64.0.0/10, where no instance has its own."""
    return f"10.{room.rng.randrange(64, 128)}.{room.rng.randrange(256)}.{room.rng.randrange(4, 255)}"


def _later(room: Room, task: Task, seconds: float, then: Callable[[Room, Task], None]) -> None:
    """Go on with it in so many seconds, if it still has the same lastStatus and desiredStatus then."""

    def happen() -> None:
        now = room.state.tasks.get(task.arn)
        if now is not None and (now.last, now.desired) == (task.last, task.desired):
            then(room, now)

    room.simulation.after(seconds, happen)


def _move(room: Room, task: Task, last: str) -> Task:
    moved = replace(task, last=last)
    room.put_task(moved)
    room.told(What.TASK, moved)
    return moved


def _pend(room: Room, task: Task) -> None:
    _start(room, _move(room, task, "PENDING"))


def _start(room: Room, task: Task) -> None:
    _later(room, task, room.around(room.state.definitions[task.definition].starts), _started)


def _started(room: Room, task: Task) -> None:
    if not room.is_connected(task):
        room.stalled.add(task.arn)
        return
    if words := _fails(room, task):
        _over(room, replace(task, desired="STOPPED", stopping_at=room.now, reason=words, code="TaskFailedToStart"))
        _note_failure(room, task)
        return
    if task.service:
        room.failures.pop(task.service, None)
    running = replace(task, last="RUNNING", started_at=room.now)
    room.put_task(running)
    room.told(What.TASK, running)
    targets.register(room, running)
    _settles(room, running)
    lasts = room.state.definitions[task.definition].lasts
    if lasts is not None:
        _later(room, running, lasts, exits)


def exits(room: Room, task: Task) -> None:
    """Its container ends by itself: it is done, or it has crashed. Its agent tells, when there is one."""
    if not task.runs:
        return
    if not room.is_connected(task):
        room.stalled.add(task.arn)
        return
    targets.deregister(room, task)
    _over(room, replace(task, desired="STOPPED", stopping_at=room.now, reason=EXITED, code="EssentialContainerExited"))


def _settles(room: Room, task: Task) -> None:
    if task.service is not None and targets.source_of(room, task) is None:
        room.simulation.after(room.timing.settles, lambda: _settled(room, task.arn))


def _settled(room: Room, arn: str) -> None:
    task = room.state.tasks.get(arn)
    if task is not None and task.service in room.state.services:
        room.numbers.task(task)
        room.wake(task.service or "", 0.0)


def _fails(room: Room, task: Task) -> str:
    """AWS's words for why it does not start on that host; empty: it does."""
    host = room.state.hosts[task.host or ""]
    troubles, instance = room.troubles.get(host.group), room.state.instances[host.instance]
    if troubles and instance.template and instance.template.version in troubles.broken:
        return troubles.words
    return room.state.definitions[task.definition].fails


def _note_failure(room: Room, task: Task) -> None:
    """The longer it fails in a row, the longer ECS waits with the next start."""
    if task.service is not None:
        count = room.failures[task.service] = room.failures.get(task.service, 0) + 1
        pause = min(room.timing.longest, room.timing.backoff * 2 ** min(count - 1, 10))
        room.not_before[task.service] = room.now + pause


def stop(room: Room, task: Task, reason: str, code: str, who: str = AWS) -> None:
    """desiredStatus STOPPED; it then goes its way. One that stops already is left alone."""
    if not task.wanted:
        return
    asked = replace(task, desired="STOPPED", stopping_at=room.now, reason=reason, code=code)
    if task.host is None:
        _over(room, asked)
        return
    room.put_task(asked)
    room.told(What.TASK, asked, who)
    if task.last in BEFORE_RUNNING:
        _later(room, asked, QUICK, _halt)
    elif (seconds := targets.deregister(room, asked)) > 0:
        _later(room, _move(room, asked, "DEACTIVATING"), seconds, _halt)
    else:
        _halt(room, asked)


def _halt(room: Room, task: Task) -> None:
    """The agent sends SIGTERM, and SIGKILL after the stop timeout."""
    if not room.is_connected(task):
        room.stalled.add(task.arn)
        return
    if task.last in BEFORE_RUNNING:
        _leave(room, task)
        return
    definition = room.state.definitions[task.definition]
    seconds = min(room.around(definition.quits), definition.stop_timeout)
    _later(room, _move(room, task, "STOPPING"), seconds, _leave)


def _leave(room: Room, task: Task) -> None:
    if room.state.definitions[task.definition].network == "awsvpc":
        _later(room, _move(room, task, "DEPROVISIONING"), room.timing.interface, _over)
    else:
        _over(room, task)


def _over(room: Room, task: Task) -> None:
    room.stalled.discard(task.arn)
    targets.forget(room, task)
    over = replace(task, last="STOPPED", stopped_at=room.now)
    room.put_task(over)
    room.told(What.TASK, over)


def resume(room: Room, host: Host) -> None:
    """Its agent is back: what waited for it goes on."""
    for task in room.tasks_on(host.arn):
        if task.arn in room.stalled:
            room.stalled.discard(task.arn)
            if task.coming:
                _start(room, task)
            elif task.wanted:
                exits(room, task)
            else:
                _halt(room, task)


def lose(room: Room, host: Host) -> None:
    """Its instance ends: everything on it is gone at once, whatever state it was in."""
    for task in room.tasks_on(host.arn):
        room.told(What.TASK_LOST, task)
        targets.deregister(room, task)
        _cut(room, task, HOST_ENDED.format(instance=host.instance), "TerminationNotice")


def orphan(room: Room, host: Host) -> None:
    """Its row is deregistered by force: ECS knows nothing of its tasks any more."""
    for task in room.tasks_on(host.arn):
        targets.deregister(room, task)
        _cut(room, task, FORCED, "ServiceSchedulerInitiated")


def _cut(room: Room, task: Task, reason: str, code: str) -> None:
    stopping = task.stopping_at or room.now
    _over(room, replace(task, desired="STOPPED", stopping_at=stopping, reason=task.reason or reason, code=code))
