"""Gates before each new removal and launch: one place asks all of them. A gate more is a file and a line here."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.core.gates.at_rest import AT_REST
from async_rollout.core.gates.canary import CANARY
from async_rollout.core.gates.gate import Answer, Closed, Gate, Open, Shut
from async_rollout.core.gates.together import TOGETHER
from async_rollout.core.journal import Journal
from async_rollout.core.situation import Situation
from async_rollout.core.templates import Back

GATES: tuple[Gate, ...] = (CANARY, AT_REST, TOGETHER)


def asked(situation: Situation) -> tuple[Answer, Journal]:
    """What all gates say together: the strictest that is not open, or what the narrowest lets through; and the record.

    No gate stands before a rollback: what it leads away from is worse than anything that a gate waits for.
    """
    record, narrowest, held = situation.journal, None, None
    if record.back is not Back.NOT:
        return Open(), record
    for gate in GATES:
        if not gate.needs(situation.spec, record):
            continue
        match gate.ask(replace(situation, journal=record)):
            case Open(most=most, passed=passed):
                record = gate.passed(record) if passed else record
                narrowest = most if narrowest is None else min(narrowest, narrowest if most is None else most)
            case Closed(launches=True) as closed:
                held = held or closed
            case closed:
                return closed, record
    return held or Open(most=narrowest), record


__all__ = ["GATES", "Answer", "Closed", "Gate", "Open", "Shut", "asked"]
