"""The report: its numbers, that it asks nothing of any network, and that nothing from outside is more than text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.events import (
    Acted,
    Called,
    CanaryPassed,
    Counted,
    Event,
    HookSaid,
    NewcomerFailed,
    StageChanged,
    Throttled,
    Warned,
)
from async_rollout.core.stages import Stage
from async_rollout.render.board import Key
from async_rollout.render.chart import ticks
from async_rollout.render.report import Report, picture
from async_rollout.render.timeline import Timeline, add
from support.browser import CHROMIUM, tab
from support.told import BAD, EVERYTHING, EVIL, GOOD, NEW, OLD, T, moved


def page(events: Sequence[Event], code: int = 0, error: str = "") -> str:
    pages: list[str] = []
    report = Report(pages.append)
    for event in events:
        report.tell(event)
    report.say("a line for the terminal")
    report.end(code, error)
    (text,) = pages
    return text


def timelines(events: Sequence[Event]) -> dict[str, Timeline]:
    lines: dict[Key, Timeline] = {}
    for event in events:
        add(lines, event)
    return {line.name: line for line in lines.values()}


@pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.GONE])  # one that is gone has no bar
def test_each_stage_has_its_colour_by_day_and_by_night_and_stands_in_the_key(stage: Stage) -> None:
    text = page((moved(1, NEW, stage.value, None), moved(9, NEW, "gone", stage.value)))
    assert len(re.findall(rf"--{stage}: #", text)) == 2
    assert f'<b class="s-{stage}"></b>{stage}</span>' in text


class Parts(HTMLParser):
    """What a browser would make of a page. open: elements that were not closed."""

    VOID = ("meta", "link", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.text += " "
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data if not self.open or self.open[-1] not in ("script", "style") else ""


def words(text: str) -> str:
    return " ".join(Parts(text).text.split())


def test_the_timeline_of_a_group_that_ends_well() -> None:
    web = timelines(GOOD)["web"]
    assert (web.begin, web.end, web.base, web.floor, web.ceiling) == (T, T + 3800, 2, 2, 3)
    old = web.bars[OLD]
    assert [(span.stage, span.begin - T, span.end and span.end - T) for span in old.spans] == [
        ("serving", 0, 81), ("draining", 81, 115), ("terminating", 115, 130),
    ]  # fmt: skip
    assert [span.stage for span in web.bars[NEW].spans] == ["launching", "checking", "available", "serving"]
    assert [(one.available, one.total) for one in web.counts] == [(3, 3), (2, 2)]
    assert [(hook.point, hook.ok, list(hook.said)[:1]) for hook in web.hooks][-1] == (
        "before-terminate", True, ["left the cluster"],
    )  # fmt: skip
    assert web.acts == {("set maximum", "done"): 1}
    assert web.faults == {"DescribeTargetHealth was asked again: Throttling: Rate exceeded": 2}
    assert (len(web.replaced), web.missed) == (2, ("nightly-scale-out",))


def test_the_numbers_stand_on_the_page() -> None:
    text = words(page(GOOD))
    for said in (
        "2 of 2 instances replaced in 1 group", "2026-01-05 08:00:00 UTC, 1h03m exit code 0",
        "done all replaced, the group is as it was found", "2 floor 2 least available",
        "3 ceiling 3 most booting and serving", "40s launching i-0bbbbbbbbbbbbbbb1",
        "34s draining i-0aaaaaaaaaaaaaaa1 draining Target.DeregistrationInProgress", "set maximum done 1",
        "DescribeTargetHealth was asked again: Throttling: Rate exceeded 2", "left the cluster",
        "The scheduled action nightly-scale-out did not fire.",
    ):  # fmt: skip
        assert said in text, said
    assert "that failed" not in text and "left in Standby" not in text


def test_a_failure_says_what_state_the_group_is_in_and_what_is_next() -> None:
    text = words(page(BAD, 10))
    assert "exit code 10" in text and "stuck the restore could not end" in text
    assert "desired capacity is 5, the owner's is 4" in text
    assert "Next: async-rollout run -a api or async-rollout restore -a api" in text
    assert "timed out or could not start" in text and "refused: ValidationError" in text
    assert "i-0bbbbbbbbbbbbbbb1 failed, 1 of 2 new ones that turn the run back: web-targets unhealthy" in text
    assert "i-0bbbbbbbbbbbbbbb1 has stayed well, the canary: more new ones come" in text
    assert "1 new that failed 1 left in Standby" in text


def test_the_bars_and_the_chart_are_where_they_should_be() -> None:
    low = Counted(group="web", at=T + 150, available=1, floor=2, total=4, ceiling=3, out=0)
    events = [*GOOD[:-1], moved(140, "x", "serving", None), low, Warned(group="web", at=T + 200, text="end")]
    web = picture(timelines(events)["web"])
    rows = {row.instance: row for row in web.rows}
    assert [one.old for one in web.rows] == [True, True, False, False]
    assert rows[OLD].spans[1][:3] == ("draining", 40.5, 17.0)
    assert rows[OLD].spans[-1][0] == "hook"
    assert web.chart is not None
    assert web.chart.lines["available"] == (
        "M400.0 48.0L410.0 48.0L410.0 72.0L750.0 72.0L750.0 96.0L1000.0 96.0"
    )  # fmt: skip
    assert web.chart.marks == [
        (100.0, 0, ""), (80.0, 1, ""), (60.0, 2, "floor"), (40.0, 3, "ceiling"), (20.0, 4, ""), (0.0, 5, ""),
    ]  # fmt: skip
    assert web.chart.spans[1] == (
        41.0, 34.0, "from 1m22s for 1m08s: 2 available (floor 2), 2 in all (ceiling 3), 1 on the way out",
    )  # fmt: skip
    assert (web.least, web.most) == (1, 4)
    assert web.ticks[1] == (30.0, "1m")


def test_what_was_too_few_when_it_began_is_not_held_against_the_run() -> None:
    """A resumed run has to prove its newcomers anew; a sick group may be below its floor without us."""
    counts = [Counted(group="w", at=T + n, available=n, floor=2, total=3, ceiling=3, out=0) for n in (0, 1, 2, 3)]
    assert picture(timelines(counts)["w"]).least == 2
    assert picture(timelines(counts[:2])["w"]).least == 0


def test_failures_stand_first_and_calls_last() -> None:
    text = words(page([*EVERYTHING, Called(calls={"DescribeInstances": 3, "SuspendProcesses": 40})], 10))
    assert text.index("api stuck") < text.index("web done")
    assert "AWS calls 43 in all, repeats included operation times SuspendProcesses 40 DescribeInstances 3" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "0s 1s"), (64, "0s 15s 30s 45s 1m"), (7_000, "0s 30m 1h 1h30m"), (10_000_000, "0s 555h33m 1111h06m")],
)
def test_a_time_axis_has_few_and_round_numbers(seconds: float, words: str) -> None:
    assert " ".join(said for _, said in ticks(seconds))[: len(words)] == words
    assert len(ticks(seconds)) <= 6 and all(0 <= at <= 100 for at, _ in ticks(seconds))


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("record 12 (replace, 0 going)", "record"), ("take our tags off", "take our tags off"),
        ("put up a tag to see how new a look is", "put up a tag to see how new a look is"),
        ("set desired capacity to 5", "set desired capacity"), ("deregister i-0a, i-0b from 3 sources", "deregister"),
        ("terminate i-0a, its place stays", "terminate"),
        ("run the up-check command for i-0a", "run the up-check command"),
        ("suspend AZRebalance, AlarmNotification", "suspend AZRebalance, AlarmNotification"),
    ],
)  # fmt: skip
def test_acts_are_counted_by_their_kind(action: str, kind: str) -> None:
    line = timelines([Acted(group="w", at=T, action=action, answer="done")])["w"]
    assert line.acts == {(kind, "done"): 1}


def test_it_is_one_whole_file_that_asks_for_nothing() -> None:
    text = page(EVERYTHING, 10)
    parts = Parts(text)
    assert parts.open == []
    for tag, attributes in parts.found:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form", "audio", "video", "source"), tag
        for name in ("src", "href", "action", "srcset"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), attributes
    assert not re.search(r"https?:|@import|url\(", text)
    policy = next(attributes["content"] or "" for tag, attributes in parts.found if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'") and "'unsafe-eval'" not in policy


def test_a_run_that_could_not_begin_has_a_page_too() -> None:
    text = words(page((), 3, f"no such group: <b>wbe</b>{EVIL}"))
    assert "no such group: <b>wbe</b>" in text and "Nothing was begun." in text


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> \" ' {{ 7*7 }} {% raw %} javascript:alert(1)"


def test_hostile_names_and_output_are_text() -> None:
    name = f"we{HOSTILE}{EVIL}"
    events: list[Event] = [
        Warned(group=name, at=T, text=HOSTILE),
        StageChanged(group=name, at=T, instance=HOSTILE, stage=f"x' onload=1 {HOSTILE}", was=None, why=HOSTILE),
        HookSaid(group=name, at=T + 1, instance=HOSTILE, point=HOSTILE, line=f"{HOSTILE}{EVIL}"),
        Throttled(group=name, at=T + 1, call=HOSTILE, why=HOSTILE, again_in=1.0),
        NewcomerFailed(group=name, at=T + 1, instance=HOSTILE, why=HOSTILE, failed=1, most=2),
        CanaryPassed(group=name, at=T + 1, instance=HOSTILE),
    ]
    text = page([*events, *(BAD[0], BAD[6])], 1, HOSTILE)
    parts = Parts(text)
    assert [tag for tag, _ in parts.found].count("script") == 1
    assert not [tag for tag, attributes in parts.found if any(key.startswith("on") for key in attributes)]
    assert "img" not in {tag for tag, _ in parts.found}
    assert "{{ 7*7 }}" in parts.text and "\x1b" not in text and "\u202e" not in text


@given(st.lists(st.sampled_from(EVERYTHING), max_size=40), st.integers(0, 143))
def test_any_events_are_a_page(events: list[Event], code: int) -> None:
    assert Parts(page(events, code)).open == []


FOCUSED = "document.getElementById('told').textContent"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
async def test_a_real_browser_has_no_complaint_and_asks_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page([*EVERYTHING, Called(calls={"DescribeInstances": 3})], 10), encoding="utf-8")
    async with tab(tmp_path / "profile") as seen:
        await seen.show(file)
        pictures = set()
        for width in (1200, 390):
            for dark in (False, True):
                await seen.look(width, dark=dark)
                pictures.add(await seen.picture())
                assert await seen.value("document.documentElement.scrollWidth") == width, "it scrolls sideways"
        assert len(pictures) == 4 and min(map(len, pictures)) > 20_000
        assert seen.complaints() == []
        assert seen.requests() == [file.as_uri()]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
async def test_in_a_real_browser_keys_and_the_mouse_show_details(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(GOOD), encoding="utf-8")
    async with tab(tmp_path / "profile") as seen:
        await seen.show(file)
        await seen.ask("Page.bringToFront")
        await seen.value("document.querySelector('.track span').focus()")
        assert await seen.value(FOCUSED) == f"{OLD} serving for 1m21s, from 0s"
        await seen.key("ArrowRight")
        assert (await seen.value(FOCUSED)).startswith(f"{OLD} draining for 34s")
        await seen.key("Escape")
        assert await seen.value(FOCUSED) == ""
        await seen.key("End")
        assert (await seen.value(FOCUSED)).startswith(f"{OLD} before-terminate command for 2s")
        where = "(b => [b.x + 9, b.y + 9])(document.querySelector('.chart .track :last-child').getBoundingClientRect())"
        await seen.value("document.querySelector('.chart').scrollIntoView({block: 'center'})")
        x, y = await seen.value(where)
        await seen.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        assert (await seen.value(FOCUSED)).startswith("from 1m22s for 1h01m: 2 available (floor 2), 2 in all")
