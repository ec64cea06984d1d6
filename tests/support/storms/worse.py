"""What came to the weather later, from chances of its own: older seeds keep what they had, and get more."""

from __future__ import annotations

import random
from dataclasses import replace

from async_rollout.core.choices import Standby
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.faults import IN_PROGRESS, Fault, FaultKind
from async_rollout.sandbox.words import NO_CAPACITY, NO_IMAGE
from support.launch_texts import launch_texts, texts_of
from support.storms.weather import Deed, Trouble, Weather, placeholder

LISTS = "Describe(AutoScalingGroups|TargetHealth|InstanceHealth)$"
"""The calls whose answers are lists, which may come empty."""
ACTS = (
    "CreateOrUpdateTags", "SuspendProcesses", "ResumeProcesses", "SetDesiredCapacity", "UpdateAutoScalingGroup",
    "TerminateInstance", "(Deregister|Register)(Targets|Instances)",
)  # fmt: skip
BEYOND = ("drought", "drought", "floor", "ceiling")

JOINS = ("detach", "detach", "join")
"""Members that somebody takes out of the group alive, and puts into it again."""
READS = (
    "DescribeAutoScalingGroups", "DescribeInstanceRefreshes", "DescribeLifecycleHooks", "DescribeScalingActivities",
    "DescribeScheduledActions", "DescribeInstances", "DescribeInstanceHealth", "DescribeTargetHealth",
    "DescribeTargetGroups", "DescribeLaunchTemplates",
)  # fmt: skip
NOES = (
    (FaultKind.CONTENDED, IN_PROGRESS.code, IN_PROGRESS.words),
    (FaultKind.REFUSED, "ValidationError", "The instance is not in InService or Standby."),
    (FaultKind.REFUSED, "ValidationError", "The AutoScaling group may not be modified now."),
    (FaultKind.REFUSED, "InvalidInstance", "Could not find EC2 instance."),
)

ASIDE = ("forget", "leave", "leave", "retain")
"""Members that take no part, from then on."""
LOADS = ("lose", "shift")
"""What befalls the load balancers."""


def worse(weather: Weather) -> Weather:
    """Time-outs, empty pages, missing permissions, operations that AWS refuses, hosts that sleep or are shared, drains
    that linger, launches that fail for good, dry zones, sizes set beyond desired, members put into Standby or marked
    Unhealthy: each is there or not."""
    rng = random.Random(f"worse {weather.seed} {weather.calm_at is not None}")
    idle = random.Random(f"standby {weather.seed} {weather.calm_at is not None}")
    refusing = random.Random(f"launches {weather.seed} {weather.calm_at is not None}")
    calling = random.Random(f"calls {weather.seed} {weather.calm_at is not None}")
    end = weather.calm_at if weather.calm_at is not None else 1e9
    weather = _parking(weather)
    return replace(
        weather,
        faults=(*_noes(calling, end), *_faults(rng, end), *weather.faults),
        deeds=_deeds(rng, weather, idle),
        spec=_told_first(replace(weather.spec, standby=idle.choice([*Standby])), weather),
        trouble=_refused(refusing, _trouble(rng, weather.trouble), weather.zones),
        naps=_naps(calling),
        one_host=calling.random() < 0.3,
    )


def _parking(weather: Weather) -> Weather:
    """Now and then most before-commands fail; somebody looks after those who stand by for it."""
    rng = random.Random(f"parking {weather.seed} {weather.calm_at is not None}")
    if rng.random() >= 0.1:
        return weather
    until = weather.calm_at or 1200.0
    some = (Deed(at=rng.uniform(1.0, until), kind="unpark", luck=rng.random()) for _ in range(rng.choice([0, 1, 3])))
    return replace(
        weather,
        errand=replace(weather.errand, failing=rng.choice([0.3, 0.7, 1.0])),
        spec=replace(weather.spec, hooks=replace(weather.spec.hooks, before_terminate=placeholder)),
        deeds=tuple(sorted((*weather.deeds, *some), key=lambda deed: deed.at)),
    )


def _told_first(spec: RolloutSpec, weather: Weather) -> RolloutSpec:
    """Now and then each is told before it is taken out."""
    telling = random.Random(f"telling {weather.seed} {weather.calm_at is not None}")
    return replace(spec, hooks=replace(spec.hooks, before_draining=placeholder)) if telling.random() < 0.1 else spec


def _noes(rng: random.Random, end: float) -> tuple[Fault, ...]:
    """AWS's no to one operation for minutes or for good, in its own words; or a read that is not allowed."""
    rules: list[Fault] = []
    if rng.random() < 0.12:
        kind, code, words = rng.choice(NOES)
        rules.append(Fault(kind=kind, action=rng.choice(ACTS), code=code, words=words, window=_lasting(rng, end)))
    if rng.random() < 0.06:
        rules.append(Fault(kind=FaultKind.DENIED, action=f"{rng.choice(READS)}$", window=_lasting(rng, end)))
    return tuple(rules)


def _lasting(rng: random.Random, end: float) -> tuple[float, float]:
    began = rng.choice([0.0, rng.uniform(0.0, 900.0)])
    return began, min(end, began + rng.choice([30.0, 120.0, 600.0, 1e9]))


def _naps(rng: random.Random) -> tuple[tuple[int, float], ...]:
    """Most hosts never sleep; of the others some wake within the lease, some long after it."""
    if rng.random() < 0.85:
        return ()
    asleep = (40.0, 120.0, 400.0, 4000.0)
    return tuple((rng.randrange(4, 120), rng.choice(asleep)) for _ in range(rng.choice([1, 1, 2])))


def _faults(rng: random.Random, end: float) -> tuple[Fault, ...]:
    rules: list[Fault] = []
    if rng.random() < 0.12:
        kind, silent = rng.choice([FaultKind.RESET, FaultKind.LOST_ANSWER]), rng.choice([10.0, 25.0, 60.0])
        often = rng.choice([0.02, 0.1])
        rules.append(Fault(kind=kind, probability=often, silent=silent, window=(0.0, end)))
    if rng.random() < 0.1:
        often = rng.choice([0.01, 0.02])
        rules.append(Fault(kind=FaultKind.EMPTY, action=LISTS, probability=often, window=(0.0, end)))
    if rng.random() < 0.06:
        began = rng.uniform(0.0, 600.0)
        until = min(end, began + rng.choice([30.0, 600.0, 1e9]))
        rules.append(Fault(kind=FaultKind.DENIED, action=rng.choice(ACTS), window=(began, until)))
    return tuple(rules)


def _deeds(rng: random.Random, weather: Weather, idle: random.Random) -> tuple[Deed, ...]:
    until = weather.calm_at or 1200.0
    kinds = rng.choices(BEYOND, k=rng.choice([1, 1, 2])) if rng.random() < 0.15 else []
    looks = random.Random(f"looks {weather.seed} {weather.calm_at is not None}")
    kinds += looks.choices(ASIDE, k=looks.choice([1, 2])) if looks.random() < 0.12 else []
    loads = random.Random(f"loads {weather.seed} {weather.calm_at is not None}")
    kinds += loads.choices(LOADS, k=loads.choice([1, 2])) if loads.random() < 0.1 else []
    more = [Deed(at=rng.uniform(1.0, until), kind=kind, luck=rng.random()) for kind in kinds]
    standing = idle.choice([1, 2]) if idle.random() < 0.15 else 0
    more += [Deed(at=idle.uniform(1.0, until), kind="standby", luck=idle.random()) for _ in range(standing)]
    marking = idle.choice([1, 1, 2, 3]) if idle.random() < 0.15 else 0
    more += [Deed(at=idle.uniform(1.0, until), kind="accuse", luck=idle.random()) for _ in range(marking)]
    joins = random.Random(f"joins {weather.seed} {weather.calm_at is not None}")
    kinds = joins.choices(JOINS, k=joins.choice([1, 2, 3])) if joins.random() < 0.1 else []
    more += [Deed(at=joins.uniform(1.0, until), kind=kind, luck=joins.random()) for kind in kinds]
    return tuple(sorted((*weather.deeds, *more), key=lambda deed: deed.at))


def _trouble(rng: random.Random, trouble: Trouble) -> Trouble:
    lingering = rng.choice([20.0, 90.0, 400.0]) if rng.random() < 0.1 else 0.0
    return replace(trouble, words=rng.choice(["", NO_CAPACITY, NO_CAPACITY, NO_IMAGE]), lingering=lingering)


def _refused(rng: random.Random, trouble: Trouble, zones: int) -> Trouble:
    """Launches that fail in AWS's own words: in some zones, for a quota, until something settles; several at once."""
    if rng.random() < 0.75:
        return trouble
    words = rng.choice([text for _, text in launch_texts()])
    dry = rng.choice([0, 0, 1, 1, zones])
    settling = rng.choice([0.0, 0.0, 60.0, 100.0, 1e6])
    return replace(
        trouble,
        words=rng.choice([trouble.words, words]),
        dry=tuple(rng.choice(texts_of("zone", "capacity", "permanent")) for _ in range(dry)),
        quota=rng.choice([None, None, 0, 1, 2]),
        quota_words=rng.choice(texts_of("quota")),
        settling=settling,
        settling_words=rng.choice(texts_of("settles")),
    )
