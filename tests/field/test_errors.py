"""errors.tsv: AWS's error answers and what kind each is. Real texts, that nobody here made up."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from async_rollout.aws.act import answer_to
from async_rollout.aws.faults import fault_of
from async_rollout.engine.ports import Refused

ROWS = list(csv.DictReader((Path(__file__).parent / "errors.tsv").read_text("utf-8").splitlines(), delimiter="\t"))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['code']} {number}" for number, row in enumerate(ROWS)])
def test_each_is_of_its_kind(row: dict[str, str]) -> None:
    about = {"Error": {"Code": row["code"], "Message": row["message"]}}
    fault = fault_of(ClientError({**about, "ResponseMetadata": {"HTTPStatusCode": int(row["http"])}}, "Operation"))  # type: ignore[typeddict-item]
    assert fault is not None
    answer = answer_to(fault)
    assert isinstance(answer, Refused) and (answer.code, answer.message) == (row["code"], row["message"])
    kind = row["kind"].partition(";")[0]
    assert (answer.denied, answer.passing) == (kind == "denied", kind == "contended")
