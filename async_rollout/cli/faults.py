"""An error in words: what was seen, what was expected, what state the groups are in, what to type next."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence

from async_rollout.errors import (
    BrokenError,
    CredentialsError,
    RefusedError,
    RolloutError,
    UnknownGroupError,
    UnseenError,
    UsageError,
)
from async_rollout.render.safe import safe
from async_rollout.render.words import PROGRAM, command

UNTOUCHED = "nothing was changed, in no group"


def told(error: BaseException, verb: str, groups: Sequence[str], *, verbose: bool) -> tuple[int, list[str]]:
    """The exit code and the lines to show. verb, groups: the command that was typed."""
    error = flat(error)
    if isinstance(error, KeyboardInterrupt):
        return 130, ["stopped before anything was changed"]
    if isinstance(error, RolloutError) and not isinstance(error, BrokenError):
        return code_of(error), [f"error: {safe(error)}", *_rest(error, verb, groups)]
    trace = "".join(traceback.format_exception(error)).splitlines() if verbose else []
    seen = f"this is a fault of async-rollout: {type(error).__name__}: {safe(error)}"
    return 1, [*(safe(line) for line in trace), seen, *_next_after_fault(verb, groups, verbose=verbose)]


def flat(error: BaseException) -> BaseException:
    """The first error inside a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def code_of(error: RolloutError) -> int:
    """A world that cannot be seen before the first change is a refusal; the engine sees to what comes later."""
    return RefusedError.code if isinstance(error, UnseenError) else error.code


def _rest(error: RolloutError, verb: str, groups: Sequence[str]) -> Iterator[str]:
    match error:
        case UsageError():
            if groups:
                yield f"  state: {UNTOUCHED}"
            yield f"  next: {PROGRAM} {verb} --help"
        case UnknownGroupError():
            yield "  expected: groups of these very names in this account and region"
            yield f"  state: {UNTOUCHED}"
            yield "  next: aws autoscaling describe-auto-scaling-groups (what names are there?)"
        case CredentialsError():
            yield "  expected: credentials that AWS accepts and that allow this call"
            yield f"  state: {UNTOUCHED}"
            yield "  next: aws sts get-caller-identity"
        case UnseenError():
            yield "  expected: a whole answer from AWS (is the region right, the endpoint up, the network there?)"
            yield f"  state: {UNTOUCHED}"
            yield f"  next: {command(verb, *groups)}"
        case _:
            yield f"  state: {UNTOUCHED}"
            yield f"  next: {command('plan', *groups)}"


def _next_after_fault(verb: str, groups: Sequence[str], *, verbose: bool) -> Iterator[str]:
    if verb in ("run", "restore"):
        yield "  state: what a run changed stands in the groups' tags"
        yield f"  next: {command('status', *groups)}"
    if not verbose:
        yield "  the same command with -v shows where"
