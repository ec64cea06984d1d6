"""What a script learns from `status --exit-code`."""

from __future__ import annotations

import pytest

from async_rollout.cli.status import code_of
from async_rollout.engine.preview import Status


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (Status(group="web", at=0.0), 0),
        (Status(group="web", at=0.0, run="r1"), 20),
        (Status(group="web", at=0.0, run="r1", alive=False), 21),
        (Status(group="web", at=0.0, unreadable="torn"), 21),
    ],
)
def test_one_group(seen: Status, code: int) -> None:
    assert code_of(seen) == code
