"""The days of bad releases, and of worlds that are ill as a whole: applications that fail after they have answered."""

from __future__ import annotations

import random
from dataclasses import replace

from support.storms.weather import Weather


def failing(weather: Weather) -> Weather:
    """The same storm, with a release that fails, a world that does, or both."""
    rng = random.Random(f"failing {weather.seed} {weather.calm_at is not None}")
    bad, ill = rng.choice([(True, False), (True, False), (False, True), (True, True)])
    most = rng.choice([None, None, 1, 3, "25%"])
    return replace(
        weather,
        spec=replace(weather.spec, max_failures=most, canary_wait=rng.choice([0.0, 30.0, 120.0])),
        relapse=rng.choice([0.0, rng.uniform(0.0, 60.0), rng.uniform(0.0, 600.0)]) if bad else None,
        relapse_share=rng.choice([1.0, 0.5, 0.2]),
        struck=(rng.uniform(30.0, 600.0), rng.choice([30.0, 120.0, 400.0])) if ill else None,
    )
