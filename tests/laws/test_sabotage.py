"""The code broken on purpose, one way at a time: each must be caught by a named law where the clean run passes.

A sabotage that nothing catches is a missing law or dead code. An error in the broken code is no catch.
"""

from __future__ import annotations

import pytest

from sabotages import SABOTAGES, Sabotage


@pytest.mark.timeout(90)  # broken code may go round and round until the virtual time is over
@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: one.name.replace(" ", "-"))
def test_it_is_caught(sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sabotage.story() == []
    sabotage.spoil(monkeypatch)
    try:
        wrong = sabotage.story()
    except TimeoutError:
        wrong = ["law 12: it did not come to an end"]
    assert any(line.startswith(sabotage.law) for line in wrong), wrong
