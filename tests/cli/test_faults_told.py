"""Errors in words and exit codes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from async_rollout import errors
from async_rollout.cli.faults import told
from async_rollout.errors import BrokenError, CredentialsError, RefusedError, UnknownGroupError, UnseenError, UsageError
from support.pages import page, part


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2), (RefusedError("x"), 3), (UnknownGroupError("x"), 3), (UnseenError("x"), 3),
        (CredentialsError("x"), 4), (BrokenError("x"), 1), (ValueError("x"), 1), (KeyboardInterrupt(), 130),
        (ExceptionGroup("several", [ExceptionGroup("more", [CredentialsError("x")])]), 4),
    ],
)  # fmt: skip
def test_each_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert told(error, "run", ["web"], verbose=False)[0] == code


def test_a_refusal_says_what_was_seen_expected_left_and_what_to_type() -> None:
    _, lines = told(UnseenError("DescribeAutoScalingGroups: \x1b[31mno answer"), "plan", ["a b"], verbose=False)
    assert lines[0] == "error: DescribeAutoScalingGroups: [31mno answer"
    assert [line.split(":")[0].strip() for line in lines] == ["error", "expected", "state", "next"]
    assert lines[-1] == "  next: async-rollout plan -a 'a b'"


def test_a_fault_of_ours_is_one_line_and_a_traceback_only_if_asked() -> None:
    try:
        1 / 0  # noqa: B018 - a fault with a traceback
    except ZeroDivisionError as error:
        short = told(error, "run", ["web"], verbose=False)[1]
        long = told(error, "run", ["web"], verbose=True)[1]
    assert short[0] == "this is a fault of async-rollout: ZeroDivisionError: division by zero"
    assert not any("Traceback" in line for line in short)
    assert any("Traceback" in line for line in long)
    assert "  next: async-rollout status -a web" in short


ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RolloutError)]


def test_every_error_has_its_block(golden: Callable[[str, list[str]], None]) -> None:
    lines = []
    for kind in ERRORS:
        code, said = told(kind("what was seen"), "run", ["web", "b c"], verbose=False)
        lines += [f"{kind.__name__}: exit code {code}", *said, ""]
    golden("errors", lines)


@pytest.mark.parametrize("kind", [one for one in ERRORS if one is not errors.RolloutError])
def test_the_page_of_troubles_names_every_error_with_its_code_and_what_to_type(kind: type[errors.RolloutError]) -> None:
    (row,) = [line for line in part(page("troubles"), "errors").splitlines() if f"`{kind.__name__}`" in line]
    code, said = told(kind("x"), "run", ["web"], verbose=False)
    assert row.split("|")[2].strip() == str(code)
    for line in said:
        if line.startswith("  next: "):
            assert line.removeprefix("  next: ").partition(" (")[0] in row, line
