"""The record survives its tags, and tags that are not of our making are never acted on."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core import journal as j
from async_rollout.core import tags as tagging
from async_rollout.core import versions
from async_rollout.core.due import due_of, fitting
from async_rollout.core.spec import HookPoint
from async_rollout.core.tags import ORDER, PREFIX, from_tags, to_tags
from async_rollout.core.templates import Back, Templates, fits, told
from support.drawn_records import ARN, journals


def sorted_again(record: j.Journal) -> j.Journal:
    return replace(record, suspended=tuple(sorted(record.suspended)))


@given(journals())
def test_a_record_survives_its_tags(record: j.Journal) -> None:
    back = from_tags(to_tags(record), ARN)
    assert isinstance(back, j.Journal)
    assert sorted_again(back) == record


@given(journals())
def test_every_tag_keeps_to_the_limits_and_the_alphabet_of_aws(record: j.Journal) -> None:
    for key, value in to_tags(record).items():
        assert len(key) <= 128
        assert len(value) <= 256, (key, value)
        assert re.fullmatch(r"[A-Za-z0-9 +\-=._:/@]*", value), value


@given(journals(), st.data())
def test_no_mangled_tag_ever_widens_what_the_record_says(record: j.Journal, data: st.DataObject) -> None:
    """Any one tag replaced by junk, or taken away: unreadable, or the very same record (a cause's text may differ)."""
    tags = to_tags(record)
    key = data.draw(st.sampled_from(sorted(tags)))
    junk = data.draw(st.one_of(st.none(), st.text(max_size=60), st.just("n=1 v=1"), st.just(tags[key] + " x=1")))
    mangled = {k: v for k, v in tags.items() if k != key} | ({} if junk is None else {key: junk})
    back = from_tags(mangled, ARN)
    if isinstance(back, j.Journal):
        assert replace(sorted_again(back), cause=None, holder="") == replace(record, cause=None, holder="")


@pytest.mark.parametrize(
    ("tag", "value", "why"),
    [
        ("head", "n=3 v=0 g=GROUP run=a until=1 goal=replace cut=- tpl=- lanes=0 began=0", "version"),
        (
            "head",
            "n=3 v=2 g=GROUP run=a until=1 goal=replace cut=- tpl=- lanes=0 began=0 open=0 needs=0.2.0 cmd=x tem=0"
            " sched=0",
            "x",
        ),
        ("head", "n=3 v=1 g=0000 run=a until=1 goal=replace cut=- tpl=- lanes=0 began=0", "another group"),
        ("head", "n=3 v=1 g=GROUP run=a until=1 goal=restore cut=- tpl=- lanes=0 began=0", "disagree"),
        ("found", "n=3 min=-1 des=3 max=3 base=3 ask=3 up=0 from=0 susp=- new=0 lost=0 even=0", "min"),
        ("found", "n=3 min=1 des=3 max=999999 base=3 ask=3 up=0 from=0 susp=- new=0 lost=0 even=0", "max"),
        ("found", "n=3 min=1 des=3 max=3 base=3 ask=3 up=0 from=0 susp=X new=0 lost=0 even=0", "X"),
        ("lane:i-0123456789abcdef0; rm -rf /", "n=3 at=1", "departure"),
        ("head", "n=3 v=1 g=GROUP run=a;b until=1 goal=replace cut=- tpl=- lanes=0 began=0", "a name that is none"),
        ("head", "n=3 v=1 g=GROUP run=a until=1 goal=replace cut=1e9 tpl=- lanes=0 began=0", "a time that is none"),
        ("head", "n=3 v=1 v=1 g=GROUP", "not of our form"),
        ("cause", "n=3 because", "a cause that is none"),
        ("lane:i-0123456789abcdef0", "n=3 at=1 ip=$(id) pub=- not=- odd=- b=n d=n k=n own=0", "address ..id."),
    ],
)
def test_forged_tags_are_named_and_refused(tag: str, value: str, why: str) -> None:
    tags = {
        "head": "n=3 v=1 g=GROUP run=a until=1 goal=replace cut=- tpl=- lanes=0 began=0",
        "found": "n=3 min=1 des=3 max=3 base=3 ask=3 up=0 from=0 susp=- new=0 lost=0 even=0",
        "holder": "n=3 host/boot/1",
    }
    named = {PREFIX + k: v.replace("GROUP", j.digest(ARN, 16)) for k, v in (tags | {tag: value}).items()}
    back = from_tags(named, ARN)
    assert isinstance(back, j.Unreadable)
    assert why in back.why


def test_a_record_being_written_is_torn_and_a_left_over_departure_is_dropped() -> None:
    departure = j.Departure(id="i-0123456789abcdef0", at=1)
    old = j.Journal(
        group=j.digest(ARN, 16), run="a", serial=3, holder="h/b/1", until=9,
        found=j.Found(minimum=1, desired=3, maximum=3), base=3, asked=3, departures=(departure,),
    )  # fmt: skip
    new = replace(old, serial=4, departures=())
    half = to_tags(old) | {f"{PREFIX}found": to_tags(new)[f"{PREFIX}found"]}
    assert from_tags(half, ARN) == j.Unreadable(why="the record's tags are of different serials", torn=True)
    assert from_tags(to_tags(old) | to_tags(new), ARN) == new


FIRST = {
    "head": "n=3 v=1 g=GROUP run=a until=1 goal=replace cut=- tpl=- lanes=1 began=0",
    "found": "n=3 min=1 des=3 max=3 base=3 ask=3 up=0 from=0 susp=ZASR new=0 lost=0 even=0",
    "holder": "n=3 host/boot/1",
    "lane:i-0123456789abcdef0": "n=3 at=1 ip=- pub=- not=- odd=- b=b d=n k=n own=0",
}
"""A record of 0.1.0, letter by letter."""
SECOND = FIRST | {
    "head": f"{FIRST['head'].replace('v=1', 'v=2')} open=2 needs=0.2.0 cmd=uqbd tem=1 sched=2 mov=1",
    "found": f"{FIRST['found']} old=3 gone=1 apart=2 way=a tok=7 can=1 set=1 sunk=1700000090",
    "template": "n=3 tf=lt-0a1b:@Latest tw=lt-0a1b:42 tp=0a1b2c3d tt=- tb=n",
    "sched": "n=3 1700000100/up 1700000160/night.ly",
    "open": "n=3 eu-west-1a=0a1b2c3d-6/2/1700000000/- eu-west-1b=0a1b2c3d-7/1/1700000001/1",
    "lane:i-0123456789abcdef0": FIRST["lane:i-0123456789abcdef0"].replace("b=b", "q=f b=b") + " stay=1",
}
"""A record of 0.2.0, letter by letter."""


def read(tags: dict[str, str]) -> j.Journal | j.Unreadable | None:
    return from_tags({PREFIX + key: value.replace("GROUP", j.digest(ARN, 16)) for key, value in tags.items()}, ARN)


def test_a_record_of_the_first_version_is_read_with_named_defaults() -> None:
    first = read(FIRST)
    assert isinstance(first, j.Journal)
    assert (first.commands, first.old, first.replaced) == ((), 0, 0)
    assert first.suspended == tuple(sorted(j.SUSPENDED_BY_US)) and first.departures[0].before is j.Mark.BEGUN
    assert first.departures[0].draining is j.Mark.ENDED  # there was no such command
    assert (first.way, first.tokens, first.open) == (j.Way.DESIRED, 0, ())  # nor such a launch
    assert first.canary is False  # nor such a wait


def test_the_second_version_is_what_is_written() -> None:
    second = read(SECOND)
    assert isinstance(second, j.Journal)
    assert (second.commands, second.old, second.replaced) == (tuple(HookPoint), 3, 1)
    assert second.departures[0].draining is j.Mark.FAILED and second.departures[0].stays
    assert second.canary is True and second.caught_up is True and second.lowered_at == 1700000090 and second.moves_work
    assert [(due.at, due.name) for due in second.scheduled] == [(1700000100, "up"), (1700000160, "night.ly")]
    assert (second.way, second.tokens, [launch.came for launch in second.open]) == (j.Way.ANSWERED, 7, [None, 1])
    tags = {key.removeprefix(PREFIX): value for key, value in to_tags(second).items()}
    assert tags == {key: value.replace("GROUP", second.group).replace("ZASR", "ARSZ") for key, value in SECOND.items()}


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        (SECOND | {"head": "n=3 v=3 needs=0.4.1 whatever"}, "async-rollout >= 0.4.1"),
        (SECOND | {"head": "n=3 v=7 x=1"}, "a later async-rollout"),
        (SECOND | {"head": f"{SECOND['head']} rest=1"}, "a later async-rollout"),
        (SECOND | {"found": f"{SECOND['found']} fails=1"}, "a later async-rollout"),
        (SECOND | {"lane:i-0123456789abcdef0": f"{SECOND['lane:i-0123456789abcdef0']} p=1"}, "a later async-rollout"),
        (SECOND | {"gates": "n=3 canary=1"}, "a later async-rollout"),
        (FIRST | {"head": f"{FIRST['head']} cmd=b"}, "a later async-rollout"),
        ({"head": "n=3 v=3 needs=1.0"}, "async-rollout >= 1.0"),
    ],
)
def test_what_a_later_release_wrote_is_named_and_not_read(tags: dict[str, str], why: str) -> None:
    found = read(tags)
    assert isinstance(found, j.Unreadable) and found.newer, found
    assert why in found.why


def test_keys_and_letters_keep_their_meaning() -> None:
    """Written out, so that nobody changes one without seeing that records in people's groups have it."""
    assert {mark.value: mark.name for mark in j.Mark} == {"n": "NOT", "b": "BEGUN", "e": "ENDED", "f": "FAILED"}
    removals = {"n": "NOT", "k": "KEEP", "s": "SHRINK", "c": "COUNTED", "p": "PARKED", "a": "ASIDE"}
    assert {one.value: one.name for one in j.Removal} == removals
    assert {way.value: way.name for way in j.Way} == {"a": "ANSWERED", "d": "DESIRED"}
    assert dict(zip("uqbd", HookPoint, strict=True)) == tagging._POINTS
    assert "".join(tagging._LETTERS) == "ZASRLTHB"
    assert tuple(tagging._LETTERS.values()) == (*j.SUSPENDED_BY_US, *j.REQUIRED_RUNNING)
    assert versions.keys_of("head", 1) | {"needs", "cmd", "open", "tem", "sched", "mov"} == versions.keys_of("head", 2)
    later = {"old", "gone", "apart", "way", "tok", "can", "set", "sunk"}
    assert versions.keys_of("found", 1) | later == versions.keys_of("found", 2)
    assert versions.keys_of("lane", 1) | {"q", "stay"} == versions.keys_of("lane", 2)
    assert versions.keys_of("template", 2) == {"tf", "tw", "tp", "tt", "tb"}
    assert {back.value: back.name for back in Back} == {
        "n": "NOT",
        "d": "DUE",
        "b": "BEGUN",
        "o": "OVER",
        "f": "FAILED",
    }


@pytest.mark.parametrize(
    "odd",
    [
        "tf=- tw=- tp=- tt=- tb=n", "tf=f tw=f tp=- tt=- tb=n", "tf=lt-1:2 tw=- tp=- tt=- tb=n",
        "tf=lt-1:2 tw=f tp=- tt=- tb=d", "tf=lt-1:x tw=f tp=- tt=- tb=n", "tf=lt-1:2 tw=f tp=1 tt=- tb=n",
        "tf=lt-1:2 tw=f tp=- tt=- tb=x", "tf=ami-1 tw=f tp=- tt=- tb=n", "tf=lc: tw=f tp=- tt=- tb=n",
    ],
)  # fmt: skip
def test_a_template_of_another_form_is_none_of_ours(odd: str) -> None:
    found = read(SECOND | {"template": f"n=3 {odd}"})
    assert isinstance(found, j.Unreadable) and not found.torn and not found.newer


def test_a_record_that_lacks_its_template_is_torn() -> None:
    found = read({tag: text for tag, text in SECOND.items() if tag != "template"})
    assert isinstance(found, j.Unreadable) and found.torn


def test_what_is_launched_from_fits_whatever_its_length() -> None:
    found, wanted = f"lc:{'a' * 87}", f"lc:{'b' * 87}"
    one = Templates(found=found, wanted=wanted, policy="0a1b2c3d", toward=found, back=Back.DUE)
    assert fits(one.found) and not fits(f"{one.found}a") and not fits("lc:with space") and not fits("ami-1")
    assert len(f"n=999999999 {told(one)}") <= 256


@pytest.mark.parametrize("odd", ["0a1b/2/17/-/", "0a1b/2/17", "0a1b/-1/17/-", "0a 1b/2/17/-", "0a1b/2/17/x", "/2/17/-"])
def test_an_open_launch_of_another_form_is_none_of_ours(odd: str) -> None:
    found = read(SECOND | {"open": f"n=3 eu-west-1a={odd} eu-west-1b=0a1b-7/1/17/1"})
    assert isinstance(found, j.Unreadable) and not found.torn


@pytest.mark.parametrize("odd", ["17/", "/up", "up", "x/up", "17/u p", f"17/{'u' * 41}", "17/up 18/"])
def test_a_scheduled_action_of_another_form_is_none_of_ours(odd: str) -> None:
    found = read(SECOND | {"sched": f"n=3 {odd} 1700000160/night.ly"})
    assert isinstance(found, j.Unreadable) and not found.torn


def test_a_record_that_lacks_an_open_launch_is_torn() -> None:
    found = read(SECOND | {"open": "n=3 eu-west-1b=0a1b-7/1/17/1"})
    assert isinstance(found, j.Unreadable) and found.torn


@given(journals())
def test_what_is_written_has_the_keys_of_its_version_and_no_other(record: j.Journal) -> None:
    for key, value in to_tags(record).items():
        form = tagging._form(key.removeprefix(PREFIX))
        if form:
            assert set(tagging._pairs(value.partition(" ")[2])) == versions.keys_of(form, versions.VERSION)


def test_the_largest_record_fits_into_one_call() -> None:
    """CreateOrUpdateTags takes 25 tags: more would be written in two calls, and could be read torn."""
    departures = tuple(j.Departure(id=f"i-{n:017x}", at=1) for n in range(j.LANES_MAX))
    zones = ("us-west-2-lax-1a", "us-west-2-lax-1b", "us-gov-west-1a", "us-gov-west-1b")
    most = tuple(j.OpenLaunch(token=f"{'f' * 8}-9999", zone=zone, count=100, at=10**10, came=100) for zone in zones)
    assert len(most) == j.OPEN_MAX
    first, cause = read(FIRST), j.Cause(code=1, text="it broke")
    assert isinstance(first, j.Journal)
    template = Templates(found="lt-1:1", wanted="lt-1:2", toward="lt-1:1", back=Back.DUE)
    due = fitting(due_of(f"action-{number}" * 9, 10**10) for number in range(9))
    restored = replace(first, goal=j.Goal.RESTORE, cause=cause, templates=template, scheduled=due)
    record = replace(restored, departures=departures, open=most)
    assert max(map(len, to_tags(record).values())) <= 256
    assert len(to_tags(record)) == j.LANES_MAX + len(versions.TAGS) <= 25


def test_no_tags_no_record() -> None:
    assert from_tags({"Name": "web", ORDER: "stop a b"}, ARN) is None
