"""No secret in anything printed or written, and permissions that are missing: what the command line then does and says.

The credentials are made up; the real command line signs with them and talks to the sandbox over HTTP.
"""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from async_rollout.aws.faults import fault_of
from async_rollout.core.actions import Outcome
from async_rollout.core.journal import Journal
from async_rollout.core.tags import from_tags
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from support.laws.truth import all_is_as_found
from support.quick import QUICK, Desk, as_found, desks
from support.simulation import Run, simulate
from support.terminal import Served

KEY, SECRET, TOKEN = "AKIAQ3EGRSQTESTONLY7", "vGZk7mN0tReAlBuTsEcReT/9xQwErTy+uIoPaSdF", "FwoGZXIvYXdzEJrTOKENmadeUp=="
SECRETS = (KEY, SECRET, TOKEN)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A group behind a target group."""
    with at_a_desk(tmp_path) as one:
        yield one


@contextmanager
def at_a_desk(home: Path) -> Iterator[Desk]:
    with desks(2, home) as (_, desk):
        yield desk


def with_keys(desk: Desk) -> None:
    """Made-up credentials in the environment."""
    desk.environment |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}


def with_profile(desk: Desk, text: str, name: str = "odd") -> None:
    """A profile file of that text, outside of what is searched for secrets afterwards."""
    file = desk.home.parent / "credentials"
    file.write_text(text)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        desk.environment.pop(variable, None)
    desk.environment |= {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": name}


PROFILE = f"[odd]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"


def strike(served: Served, **rule: Any) -> None:
    """One fault more."""
    request = urllib.request.Request(  # noqa: S310 - a loopback address
        f"{served.endpoint}/_sandbox/faults", data=json.dumps(rule).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as reply:  # noqa: S310
        assert reply.status == 200


def shown(desk: Desk, *ended: subprocess.CompletedProcess[str]) -> str:
    """All that was printed, and all that was written into files."""
    files = [file.read_text(errors="replace") for file in desk.home.rglob("*") if file.is_file()]
    return "\n".join([text for one in ended for text in (one.stdout, one.stderr)] + files)


def secrets_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def roll(desk: Desk, *more: str, verb: str = "run") -> subprocess.CompletedProcess[str]:
    events = () if verb in ("plan", "status") else ("--events", str(desk.home / "events.jsonl"))
    return desk.ended(verb, "-a", desk.group, *QUICK[: 0 if verb == "status" else 2], "-v", *events, *more)


@pytest.mark.parametrize("source", ["environment", "profile"])
def test_no_secret_is_printed_or_written_at_the_highest_verbosity(desk: Desk, source: str) -> None:
    if source == "environment":
        with_keys(desk)
    else:
        with_profile(desk, PROFILE)
    strike(desk.served, kind="html503", count=2)
    strike(desk.served, kind="reset", action="Describe", count=2)
    ended = [
        roll(desk, verb="plan"),
        roll(desk, "-d", "echo bye"),
        roll(desk, verb="status"),
        roll(desk, verb="restore"),
    ]
    ended.append(roll(desk, "--output", "json", "-b", "exit 3"))  # what its command failed for stays out
    assert [one.returncode for one in ended] == [0, 0, 0, 0, 6]
    text = shown(desk, *ended)
    assert secrets_in(text) == []
    assert text.count("call: ") > 20 and "events.jsonl" not in text
    assert sum('"type":' in line for line in text.splitlines()) > 20


@pytest.mark.parametrize("kind", ["denied", "expired"])
def test_no_secret_is_printed_when_aws_does_not_take_them(desk: Desk, kind: str) -> None:
    with_keys(desk)
    strike(desk.served, kind=kind)
    ended = [roll(desk, verb=verb) for verb in ("plan", "run", "status", "restore")]
    assert {one.returncode for one in ended} == {4}
    assert secrets_in(shown(desk, *ended)) == []
    assert desk.acts() == 0


@pytest.mark.parametrize(
    "text",
    [
        f"aws_secret_access_key = {SECRET}\n", f"[odd]\n{SECRET}\n", f"[odd]\naws_secret_access_key = {SECRET}\n",
        f"[odd]\ncredential_process = echo {SECRET}\n",
        f'[odd]\ncredential_process = echo \'{{"Version": 9, "SecretAccessKey": "{SECRET}"}}\'\n',
        PROFILE.replace("[odd]", "[other]"),
    ],
    ids=["no section", "no key", "half a pair", "a process without JSON", "a process of another version", "no profile"],
)  # fmt: skip
def test_no_secret_of_a_broken_profile_is_printed(desk: Desk, text: str) -> None:
    with_profile(desk, text)
    ended = roll(desk)
    assert ended.returncode == 4, ended.stderr
    assert secrets_in(shown(desk, ended)) == []


def test_what_aws_quotes_of_a_request_whose_signature_it_doubts_is_cut_off() -> None:
    """Its message then holds the whole request, and with it the session token."""
    first = "The request signature we calculated does not match the signature you provided."
    quoted = f"\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:{TOKEN}\n'"
    reply = {"Error": {"Code": "SignatureDoesNotMatch", "Message": first + quoted}}
    fault = fault_of(ClientError(reply, "DescribeAutoScalingGroups"))  # type: ignore[arg-type]
    assert fault is not None
    assert fault.message == first


def test_a_denied_tag_write_ends_with_4_before_any_change(desk: Desk) -> None:
    strike(desk.served, kind="denied", action="CreateOrUpdateTags")
    ended = roll(desk)
    assert ended.returncode == 4, ended.stderr
    assert "autoscaling:CreateOrUpdateTags" in ended.stderr
    assert desk.acts() == 0
    assert as_found(desk) == []


def test_a_denied_suspend_ends_with_4_and_everything_as_found(desk: Desk) -> None:
    strike(desk.served, kind="denied", action="SuspendProcesses")
    ended = roll(desk)
    assert ended.returncode == 4, ended.stderr
    assert "autoscaling:SuspendProcesses" in ended.stderr
    assert as_found(desk) == []
    assert desk.look().members == desk.found.members


def test_a_deregistration_denied_midway_is_put_back_with_4(desk: Desk) -> None:
    strike(desk.served, kind="denied", action="DeregisterTargets", count=1)
    ended = roll(desk)
    assert ended.returncode == 4, ended.stderr
    assert "elasticloadbalancing:DeregisterTargets" in ended.stderr
    assert as_found(desk) == []


def denied(*actions: str) -> Run:
    """The same through the port door, in virtual time: giving up takes three quarters of an hour."""
    rules = [Fault(kind=FaultKind.DENIED, action=f":{action}") for action in actions]
    return simulate("at-max", faults=lambda world: Faults(world, rules))


@pytest.mark.parametrize(
    ("actions", "code"),
    [(("Deregister",), 4), (("Terminate",), 4), (("Resume",), 10), (("SetDesired", "Resume"), 10)],
    ids=lambda names: "-".join(names) if isinstance(names, tuple) else str(names),
)
def test_where_putting_back_is_denied_too_a_record_stands(actions: tuple[str, ...], code: int) -> None:
    """4 while alarms run, since a permission is all that lacks; else 10."""
    run = denied(*actions)
    assert (run.result.verdict.outcome, run.result.verdict.code) == (Outcome.STUCK, code)
    assert "AccessDenied" in run.result.verdict.why
    tags = {tag.key: tag.value for tag in run.left.tags}
    assert isinstance(from_tags(tags, run.left.arn), Journal)
    assert min(one.serving for one in run.history) >= 3


@pytest.mark.parametrize(
    "actions",
    [
        ("CreateOrUpdateTags",), ("Suspend",), ("UpdateAutoScalingGroup",),
        ("LaunchInstances", "SetDesired"),  # without the first alone it goes by the second
    ],
    ids="-".join,
)  # fmt: skip
def test_what_is_denied_before_the_first_removal_ends_with_4_and_all_as_found(actions: tuple[str, ...]) -> None:
    run = denied(*actions)
    assert run.result.verdict.code == 4
    assert actions[-1] in run.result.verdict.why
    assert run.result.seconds < 60.0
    assert all_is_as_found(run) == []
    assert run.members == run.found_ids
