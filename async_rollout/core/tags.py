"""The record's strict way to a group's own tags and back.

One tag for the head, one for what was found, one for the holder, one for the cause, one for open launches, one for what
is launched from, one for scheduled actions, one a departure. All carry the same serial, so a half-written record is
told from a whole one. Tags
are untrusted input: anything odd is `Unreadable`, never a guess. Values keep to the alphabet every AWS service takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from async_rollout.core import due, templates
from async_rollout.core.journal import (
    MARKS,
    REQUIRED_RUNNING,
    SUSPENDED_BY_US,
    Cause,
    Departure,
    Found,
    Goal,
    Journal,
    Mark,
    OpenLaunch,
    Removal,
    Unreadable,
    Way,
    digest,
)
from async_rollout.core.spec import HookPoint
from async_rollout.core.templates import Back
from async_rollout.core.versions import NEEDS, VERSION, NewerError, ask_version, read_as

PREFIX = "async-rollout:"
ORDER = f"{PREFIX}order"
PROBE = f"{PREFIX}probe:"
HEAD_TAGS = 9
"""Head, found, holder, cause, open launches, template, scheduled actions, order, probe."""
_LETTERS = dict(zip("ZASRLTHB", SUSPENDED_BY_US + REQUIRED_RUNNING, strict=True))
_POINTS = {
    "u": HookPoint.UP_CHECK,
    "q": HookPoint.BEFORE_DRAINING,
    "b": HookPoint.BEFORE_TERMINATE,
    "d": HookPoint.AFTER_TERMINATE,
}
_UNSAFE = re.compile(r"[^A-Za-z0-9 +\-=._:/@]")
CAUSE_LENGTH = 200
"""Letters of a cause that its tag holds."""


def safe(text: str, length: int) -> str:
    """Cut to the tags' alphabet and to a length."""
    return _UNSAFE.sub(".", text)[:length].strip()


def to_tags(journal: Journal) -> dict[str, str]:
    """The record as tags, each value at most 256 characters of the safe alphabet."""
    n = f"n={journal.serial}"
    tags = {"head": f"{n} {_head(journal)}", "found": f"{n} {_found(journal)}", "holder": f"{n} {journal.holder}"}
    if journal.cause:
        tags["cause"] = f"{n} code={journal.cause.code} {safe(journal.cause.text, CAUSE_LENGTH)}"
    if journal.templates:
        tags["template"] = f"{n} {templates.told(journal.templates)}"
    if journal.open:
        tags["open"] = f"{n} {' '.join(map(_open, journal.open))}"
    if journal.scheduled:
        tags["sched"] = f"{n} {due.written(journal.scheduled)}"
    tags |= {f"lane:{departure.id}": f"{n} {_departure(departure)}" for departure in journal.departures}
    return {PREFIX + key: value for key, value in tags.items()}


def _head(journal: Journal) -> str:
    cutoff = "-" if journal.cutoff is None else f"{journal.cutoff:.3f}"
    points = "".join(key for key, point in _POINTS.items() if point in journal.commands)
    return (
        f"v={VERSION} g={journal.group} run={journal.run} until={journal.until} goal={journal.goal.value}"
        f" cut={cutoff} tpl={journal.template or '-'} lanes={len(journal.departures)} began={journal.began}"
        f" open={len(journal.open)} needs={NEEDS} cmd={points or '-'} tem={int(journal.templates is not None)}"
        f" sched={len(journal.scheduled)} mov={int(journal.moves_work)}"
    )


def _found(journal: Journal) -> str:
    letters = "".join(sorted(key for key, name in _LETTERS.items() if name in journal.suspended))
    return (
        f"min={journal.found.minimum} des={journal.found.desired} max={journal.found.maximum} base={journal.base}"
        f" ask={journal.asked} up={journal.raised} from={journal.raised_from} susp={letters or '-'}"
        f" new={journal.launches} lost={journal.lost} even={journal.evened}"
        f" old={journal.old} gone={journal.replaced} apart={journal.apart} way={journal.way.value} tok={journal.tokens}"
        f" can={int(journal.canary)} set={int(journal.caught_up)} sunk={journal.lowered_at}"
    )


def _open(launch: OpenLaunch) -> str:
    return f"{launch.zone}={launch.token}/{launch.count}/{launch.at}/{'-' if launch.came is None else launch.came}"


def _departure(departure: Departure) -> str:
    odd = ",".join(f"{source}:{port}" for source, port in departure.odd).replace(",", "+")
    marks = " ".join(f"{key}={departure.mark(point).value}" for key, point in _POINTS.items() if point in MARKS)
    return (
        f"at={departure.at} ip={departure.private_ip or '-'} pub={departure.public_ip or '-'}"
        f" not={'+'.join(departure.missing) or '-'}"
        f" odd={odd or '-'} {marks} k={departure.removal.value} own={int(departure.surplus)}"
        f" stay={int(departure.stays)}"
    )


def fits(departure: Departure) -> bool:
    """Whether the departure's tag stays within AWS's 256 characters."""
    return len(_departure(departure)) <= 240


class _BadTagError(Exception):
    """A tag that is not of our making."""


def from_tags(tags: Mapping[str, str], arn: str) -> Journal | Unreadable | None:
    """The record in a group's tags; None without one. A departure left over from an older serial is dropped."""
    record = (key for key in tags if key.startswith(PREFIX) and key != ORDER and not key.startswith(PROBE))
    ours = {key.removeprefix(PREFIX): tags[key] for key in record}
    return _read(tuple(ours.items()), arn) if ours else None


@lru_cache(maxsize=1024)  # a poll brings the same record again and again
def _read(ours: tuple[tuple[str, str], ...], arn: str) -> Journal | Unreadable:
    try:
        return _whole(dict(ours), digest(arn, 16))
    except NewerError as newer:
        return Unreadable(why=str(newer), newer=True)
    except (_BadTagError, ValueError, KeyError) as odd:
        return Unreadable(why=f"the tags {PREFIX}* hold no record of ours ({odd})")


def probes_in(tags: Mapping[str, str]) -> dict[str, int]:
    """The runs whose probe is there, each with when it was put up; 0 where that is not said."""
    probes = {key.removeprefix(PROBE): value for key, value in tags.items() if key.startswith(PROBE)}
    return {run: int(at) if re.fullmatch(r"[0-9]{1,11}", at) else 0 for run, at in probes.items()}


def _whole(ours: dict[str, str], group: str) -> Journal | Unreadable:
    told = ours.get("head", "")
    version = ask_version(told, ours) if told else VERSION
    if missing := {"head", "found", "holder"} - ours.keys():
        return Unreadable(why=f"the record lacks its tag {PREFIX}{min(missing)}", torn=True)
    serials = {key: _serial(value) for key, value in ours.items()}
    serial = serials["head"]
    current = {key: ours[key].split(" ", 1)[1] for key in ours if serials[key] == serial}
    read = {key: read_as(_form(key), _pairs(current[key]), version, told) for key in current if _form(key)}
    head = read["head"]
    if head["g"] != group:
        raise _BadTagError("it is the record of another group")
    departures = tuple(_read_departure(key[5:], pairs) for key, pairs in read.items() if key.startswith("lane:"))
    launches, scheduled = _read_open(current.get("open", "")), due.read(current.get("sched", ""))
    lacks = {key for key in ("found", "holder") if key not in current}
    counts = (("lanes", len(departures)), ("open", len(launches)), ("tem", int("template" in read)))
    torn = lacks or any(_number(head, key) != number for key, number in (*counts, ("sched", len(scheduled))))
    newer = any(other > serial for other in serials.values())
    if torn or newer:
        return Unreadable(why="the record's tags are of different serials", torn=True)
    template = templates.read(read["template"]) if "template" in read else None
    journal = _journal(serial, head, read["found"], current, departures)
    journal = replace(journal, open=launches, templates=template, scheduled=scheduled)
    if (journal.cause is not None) != (journal.goal is Goal.RESTORE or journal.back is Back.BEGUN):
        raise _BadTagError("goal and cause disagree")
    return journal


def _form(key: str) -> str:
    """Of which form a tag's pairs are; the holder and the cause have none."""
    return "lane" if key.startswith("lane:") else key if key in ("head", "found", "template") else ""


def _journal(
    serial: int, head: dict[str, str], found: dict[str, str], tags: dict[str, str], departures: tuple[Departure, ...]
) -> Journal:
    return Journal(
        group=head["g"],
        run=_word(head["run"]),
        serial=serial,
        holder=tags["holder"],
        until=_number(head, "until", 10**11),
        goal=Goal(head["goal"]),
        cause=_read_cause(tags["cause"]) if "cause" in tags else None,
        cutoff=None if head["cut"] == "-" else _time(head["cut"]),
        template="" if head["tpl"] == "-" else _word(head["tpl"]),
        began=_number(head, "began", 10**11),
        found=Found(minimum=_number(found, "min"), desired=_number(found, "des"), maximum=_number(found, "max")),
        base=_number(found, "base"),
        asked=_number(found, "ask"),
        raised=_number(found, "up"),
        raised_from=_number(found, "from"),
        suspended=() if found["susp"] == "-" else tuple(sorted(_LETTERS[letter] for letter in found["susp"])),
        launches=_number(found, "new"),
        lost=_number(found, "lost"),
        evened=_number(found, "even"),
        commands=() if head["cmd"] == "-" else tuple(_POINTS[letter] for letter in head["cmd"]),
        old=_number(found, "old"),
        replaced=_number(found, "gone"),
        apart=_number(found, "apart"),
        way=Way(found["way"]),
        tokens=_number(found, "tok"),
        canary=bool(_number(found, "can", 1)),
        caught_up=bool(_number(found, "set", 1)),
        lowered_at=_number(found, "sunk", 10**11),
        moves_work=bool(_number(head, "mov", 1)),
        departures=tuple(sorted(departures, key=lambda departure: (departure.at, departure.id))),
    )


def _serial(value: str) -> int:
    found = re.match(r"n=(\d{1,9}) ", value)
    if not found:
        raise _BadTagError("a tag without serial")
    return int(found[1])


def _pairs(text: str) -> dict[str, str]:
    pairs = [word.partition("=") for word in text.split(" ")]
    if any(not value for _, _, value in pairs) or len({key for key, _, _ in pairs}) != len(pairs):
        raise _BadTagError("a tag that is not of our form")
    return {key: value for key, _, value in pairs}


def _number(pairs: dict[str, str], key: str, limit: int = 100_000) -> int:
    text = pairs[key]
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > limit:
        raise _BadTagError(f"{key}={safe(text, 16)}")
    return int(text)


def _time(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,11}\.[0-9]{3}", text):
        raise _BadTagError("a time that is none")
    return float(text)


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:@\-]{1,64}", text):
        raise _BadTagError("a name that is none")
    return text


def _read_cause(text: str) -> Cause:
    found = re.fullmatch(r"code=(\d{1,3})(?: (.*))?", text)
    if not found:
        raise _BadTagError("a cause that is none")
    return Cause(code=int(found[1]), text=found[2] or "")


def _read_departure(id: str, pairs: dict[str, str]) -> Departure:
    if not re.fullmatch(r"i-[0-9a-f]{8,17}", id):
        raise _BadTagError(f"departure of {safe(id, 24)}")
    odd = [] if pairs["odd"] == "-" else [word.split(":") for word in pairs["odd"].split("+")]
    return Departure(
        id=id,
        at=_number(pairs, "at", 10**11),
        private_ip=_address(pairs["ip"]),
        public_ip=_address(pairs["pub"]),
        missing=() if pairs["not"] == "-" else tuple(_word(word) for word in pairs["not"].split("+")),
        odd=tuple((_word(source), _number({"port": port}, "port")) for source, port in odd),
        removal=Removal(pairs["k"]),
        surplus=bool(_number(pairs, "own", 1)),
        stays=bool(_number(pairs, "stay", 1)),
        **{MARKS[point]: Mark(pairs[key]) for key, point in _POINTS.items() if point in MARKS},
    )


def _read_open(text: str) -> tuple[OpenLaunch, ...]:
    """Launches that are open, of their tag; none of an empty one."""
    return tuple(_read_launch(zone, value) for zone, value in (_pairs(text) if text else {}).items())


def _read_launch(zone: str, text: str) -> OpenLaunch:
    found = re.fullmatch(r"([A-Za-z0-9\-]{1,64})/([0-9]{1,3})/([0-9]{1,11})/(-|[0-9]{1,3})", text)
    if not found:
        raise _BadTagError(f"launch in {safe(zone, 24)}")
    token, count, at, came = found.groups()
    told = None if came == "-" else int(came)
    return OpenLaunch(token=token, zone=_word(zone), count=int(count), at=int(at), came=told)


def _address(text: str) -> str | None:
    if text == "-":
        return None
    if not re.fullmatch(r"[0-9a-fA-F.:]{2,45}", text):
        raise _BadTagError(f"address {safe(text, 24)}")
    return text
