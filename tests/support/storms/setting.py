"""The days of runs that set what the group launches from: releases that fail, rollbacks, whoever takes those over."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Outcome
from async_rollout.core.spec import OnFailure
from support.storms.storm import Past
from support.storms.weather import Weather

FOUND, RELEASE = "1", "2"


def setting(weather: Weather) -> Weather:
    """The same storm, of a group on a numbered version and a run that sets the next one, which may be bad."""
    rng = random.Random(f"setting {weather.seed} {weather.calm_at is not None}")
    failing = rng.choice([None, 0.0, rng.uniform(0.0, 60.0), rng.uniform(0.0, 600.0)])
    how = rng.choice([OnFailure.RESTORE, OnFailure.ROLLBACK, OnFailure.ROLLBACK, OnFailure.PAUSE])
    order = replace(weather.spec, launch_template_version=RELEASE, on_failure=how, max_failures=rng.choice([None, 1]))
    return replace(
        weather, spec=order, outdated=weather.size, version=FOUND, relapse=failing, relapsing=frozenset({RELEASE})
    )


def what_is_launched_from_is_left_well(past: Past) -> Iterator[str]:
    """Law 21: without a record the group launches from what was found, or some run has come to its whole end."""
    group = past.world.state.groups.get(past.found.name)
    if past.weather.version is None or group is None or past.world.log.deleted or past.overdue is not None:
        return
    if past.world.record_of() is not None or past.world.log.forged or group.template is None:
        return
    members = [one for one in past.world.state.members(group.name) if one.in_service and one.template]
    ends = (one.verdict for one in past.results)  # one that is protected, and left, is no fault of the release
    whole = any(one.outcome is Outcome.DONE or "all others replaced" in one.why for one in ends)
    killed = all(one.template.version == RELEASE for one in members if one.template)  # at its very end, perhaps
    if group.template.version == RELEASE and not (whole or killed):
        yield f"law 21: it launches from version {RELEASE}, and nobody has ended whole"
