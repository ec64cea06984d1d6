"""How long things take in ECS, how large its hosts are, and what shall go wrong with the hosts of one group."""

from __future__ import annotations

from dataclasses import dataclass, field

NO_IMAGE = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref"
    " docker.io/library/web:3: docker.io/library/web:3: not found"
)
"""Why a task cannot start, in AWS's words."""


@dataclass(slots=True, kw_only=True)
class Timing:
    """Seconds; a world may be told others. jitter: durations of tasks are drawn within ±jitter of their value.

    registers: least and most from running to a row. outlives: a row's listing after its instance's end. listed: of a
    task that is STOPPED. react: from a change to the scheduler's look. retry: to its next one where a task has no
    place. interface: to attach a network interface, or to detach it. settles: a task without health checks counts as
    healthy so long after it began to run. backoff, longest: between starts that fail, the first and the last pause.
    host_cpu, host_memory: units and MiB of each host that joins.
    """

    registers: tuple[float, float] = (30.0, 60.0)
    outlives: float = 1200.0
    listed: float = 3600.0
    react: float = 2.0
    retry: float = 20.0
    interface: float = 4.0
    settles: float = 40.0
    backoff: float = 10.0
    longest: float = 900.0
    jitter: float = 0.1
    host_cpu: int = 4096
    host_memory: int = 15_731


@dataclass(slots=True, kw_only=True)
class HostTroubles:
    """Of one group's hosts. Mutable on purpose: the counts go down as instances join.

    lost: so many next instances never join; ended: ECS then has each terminated so many seconds after it should have,
    None: it does not. silent: so many next ones join, and their agent never connects. refused:
    so many next ones are REGISTRATION_FAILED, with the words `refusal`. registering: seconds that each is REGISTERING
    before it is ACTIVE. broken: launch template versions on whose hosts no task starts; words: why. lacks: attributes
    that hosts of these versions do not have.
    """

    lost: int = 0
    ended: float | None = None
    silent: int = 0
    refused: int = 0
    refusal: str = "Unable to attach the trunk network interface: the limit of the subnet was reached."
    registering: float = 0.0
    broken: frozenset[str] = field(default_factory=frozenset)
    words: str = NO_IMAGE
    lacks: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Readings:
    """What AWS's documents leave open: switches, so that each answer can be lived through.

    protected_stay: a task that is protected from scale-in holds its DRAINING host until the protection expires.
    """

    protected_stay: bool = True
