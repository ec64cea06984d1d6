"""How long each step of a life may last, seconds: the owner's limit, and what AWS adds to it."""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.core.min_ready import to_stay
from async_rollout.core.observation import Observation, Survey
from async_rollout.core.spec import RolloutSpec

Limit = Callable[[RolloutSpec, Observation, Survey], float]


def launch(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """From asked for to in service, lifecycle hooks included."""
    return spec.limits.launch + survey.launch_heartbeat


def healthy(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """From in service to proven."""
    return spec.limits.healthy


def ready(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """From proven to available: no limit, but what the owner wants to pass."""
    return to_stay(spec, observation)


def drain(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """The longest way out of all sources, and the owner's patience beside it."""
    return spec.limits.drain + observation.longest_drain


def hook(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """One of the operator's commands."""
    return spec.limits.hook


def rest(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """What the operator wants to pass before the terminate."""
    return spec.wait_before_terminate


def terminate(spec: RolloutSpec, observation: Observation, survey: Survey) -> float:
    """From the terminate call to gone: AWS drains once more, and runs lifecycle hooks."""
    return spec.limits.terminate + observation.longest_drain + survey.terminate_heartbeat
