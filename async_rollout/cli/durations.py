"""How durations and amounts are written on the command line: `90`, `90s`, `5m`, `1h30m`; `3`, `25%`."""

from __future__ import annotations

import re

import typer

from async_rollout.core.amounts import Amount, amount
from async_rollout.errors import UsageError

_FORM = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9}(?:\.\d{1,3})?)s?)?", re.ASCII)


def seconds(text: str | float) -> float:
    """Seconds of `90`, `90s`, `0.5s`, `5m` or `1h30m`. Raises BadParameter on anything else."""
    if isinstance(text, (int, float)):
        return float(text)
    found = _FORM.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise typer.BadParameter(f"{text!r} is not a duration: write 90, 90s, 5m or 1h30m")
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def instances(text: str | int | Amount) -> Amount:
    """An amount as `3` or `25%`. Raises BadParameter on anything else."""
    try:
        return amount(text)
    except UsageError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
