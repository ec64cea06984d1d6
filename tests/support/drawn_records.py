"""Any record at all: every field of it and of its departures drawn."""

from __future__ import annotations

from hypothesis import strategies as st

from async_rollout.core import journal as j
from async_rollout.core.due import due_of, fitting
from async_rollout.core.spec import HookPoint
from async_rollout.core.templates import Back, Templates

ARN = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/web"
count = st.integers(0, 100_000)
hexes = st.text("0123456789abcdef", min_size=6, max_size=6)
ip = st.one_of(st.none(), st.ip_addresses().map(str))

departures = st.builds(
    j.Departure,
    id=st.integers(0, 16**17 - 1).map(lambda n: f"i-{n:017x}"),
    at=st.integers(0, 10**10),
    private_ip=ip,
    public_ip=ip,
    missing=st.lists(hexes, max_size=3).map(tuple),
    odd=st.lists(st.tuples(hexes, st.integers(1, 65535)), max_size=3).map(tuple),
    draining=st.sampled_from(j.Mark),
    before=st.sampled_from(j.Mark),
    after=st.sampled_from(j.Mark),
    removal=st.sampled_from(j.Removal),
    surplus=st.booleans(),
    stays=st.booleans(),
)
scheduled = st.builds(due_of, st.text(min_size=1, max_size=60), st.integers(0, 10**10))
launches = st.builds(
    j.OpenLaunch,
    token=st.builds("{}-{}".format, st.text("0123456789abcdef", min_size=8, max_size=8), st.integers(1, 9999)),
    zone=st.sampled_from(["eu-west-1a", "eu-west-1b", "us-west-2-lax-1a", "us-west-2-lax-1b", "us-gov-west-1a"]),
    count=st.integers(1, 100),
    at=st.integers(0, 10**10),
    came=st.one_of(st.none(), st.integers(0, 100)),
)
spelled = st.one_of(
    st.builds("lt-0a{}:{}".format, st.integers(0, 9), st.sampled_from(["", "1", "42", "$Latest", "$Default"])),
    st.builds("lc:{}".format, st.text("abcXYZ019.:_/+-", min_size=1, max_size=87)),
)


def templates(*back: Back) -> st.SearchStrategy[Templates]:
    """What a record may say of what is launched from, a rollback as far as any of these."""
    return st.builds(
        Templates,
        found=spelled,
        wanted=spelled,
        policy=st.one_of(st.just(""), st.text("0123456789abcdef", min_size=8, max_size=8)),
        toward=spelled,
        back=st.sampled_from(back),
    )


PROCESSES = j.SUSPENDED_BY_US + j.REQUIRED_RUNNING


@st.composite
def journals(draw: st.DrawFn) -> j.Journal:
    cause = draw(
        st.one_of(st.none(), st.builds(j.Cause, code=st.integers(0, 255), text=st.just("it broke: i-0 at 10.0.0.1")))
    )
    begun = cause is not None and draw(st.booleans())
    restoring = cause is not None and not begun
    said = (Back.NOT, Back.DUE, Back.OVER, Back.FAILED) if restoring else (Back.BEGUN,) if begun else (Back.NOT,)
    template = draw(templates(*said) if begun else st.one_of(st.none(), templates(*said)))
    unique = {departure.id: departure for departure in draw(st.lists(departures, max_size=5))}
    return j.Journal(
        group=j.digest(ARN, 16),
        run=draw(st.text("0123456789abcdef", min_size=8, max_size=8)),
        serial=draw(st.integers(1, 10**8)),
        holder="host.example-1/0a1b2c3d/4711",
        until=draw(st.integers(0, 10**10)),
        found=j.Found(minimum=draw(count), desired=draw(count), maximum=draw(count)),
        base=draw(count),
        asked=draw(count),
        goal=j.Goal.RESTORE if restoring else j.Goal.REPLACE,
        cause=cause,
        cutoff=draw(st.one_of(st.none(), st.integers(0, 10**12).map(lambda n: n / 1000))),
        template=draw(st.sampled_from(["", j.template_mark("lt-0123456789abcdef0:12"), j.template_mark("lc:a b/ü")])),
        raised=draw(count),
        raised_from=draw(count),
        suspended=tuple(sorted(draw(st.sets(st.sampled_from(PROCESSES))))),
        launches=draw(count),
        lost=draw(count),
        evened=draw(st.integers(0, 9)),
        apart=draw(st.integers(0, 9)),
        began=draw(st.integers(0, 10**10)),
        commands=tuple(point for point in HookPoint if draw(st.booleans())),
        old=draw(count),
        replaced=draw(count),
        way=draw(st.sampled_from(j.Way)),
        tokens=draw(count),
        canary=draw(st.booleans()),
        caught_up=draw(st.booleans()),
        lowered_at=draw(st.integers(0, 10**10)),
        moves_work=draw(st.booleans()),
        scheduled=draw(st.lists(scheduled, max_size=4).map(fitting)),
        open=draw(st.lists(launches, max_size=j.OPEN_MAX, unique_by=lambda launch: launch.zone).map(tuple)),
        templates=template,
        departures=tuple(sorted(unique.values(), key=lambda departure: (departure.at, departure.id))),
    )
