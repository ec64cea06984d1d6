"""The laws, asked of the world's ground truth and of who did what; nothing here imports core.laws.

Each function takes a simulated run and gives back what is wrong, as sentences; an empty list means the law held.
What AWS or other people did is not ours: a dip that follows their deed is not blamed on us.
"""

from __future__ import annotations

from async_rollout.core.budget import Bounds
from async_rollout.sandbox.history import Census, Happening, What
from support.simulation import Run, ours

OWNER = "owner"


def deeds(run: Run, *kinds: What, who: str = OWNER) -> list[Happening]:
    """What was done to the group by somebody, of these kinds."""
    return [one for one in run.world.record if one.group == run.group and one.who == who and one.what in kinds]


def foreign_since(run: Run) -> float:
    """When somebody else first took an instance out or changed a size; for ever if nobody did."""
    hurt = (What.TERMINATE, What.DIED, What.UNHEALTHY, What.SHIFT)
    times = [one.at for one in run.world.record if one.group == run.group and one.who != OWNER and one.what in hurt]
    return min(times, default=float("inf"))


def ours_only(run: Run) -> list[Census]:
    """The history as long as it is all ours."""
    until = foreign_since(run)
    return [one for one in run.history if one.at < until]


def the_floor_was_held(run: Run, bounds: Bounds) -> list[str]:
    """Law 1: available was never below the floor through us."""
    low = [one for one in ours_only(run) if one.serving < bounds.floor]
    return [f"law 1: {one.serving} served at {one.at:.1f}, the floor is {bounds.floor}" for one in low[:1]]


def the_ceiling_was_held(run: Run, bounds: Bounds, *, more: int = 0) -> list[str]:
    """Law 2: booting and serving never above the ceiling, and all that exists never above ceiling and draining.

    Who was taken out and called back serves beside those that were asked for in its place.
    """
    back = [one.at for one in deeds(run, What.REGISTER)]
    wrong = []
    for one in ours_only(run):
        called = min(bounds.draining, sum(at <= one.at for at in back))
        if one.serving + one.booting > bounds.ceiling + called + more:
            wrong.append(f"law 2: {one.serving} serving and {one.booting} booting, the ceiling is {bounds.ceiling}")
        if one.exist > bounds.exist + more:
            wrong.append(f"law 2: {one.exist} exist, {bounds.exist} may")
    return wrong[:1]


def only_old_ones_went(run: Run, *, shed: bool = False) -> list[str]:
    """Law 3: only old ones, or our own surplus, were taken out by us."""
    gone = [one.instance for one in deeds(run, What.TERMINATE, What.DEREGISTER)]
    strange = {id for id in gone if id not in run.found_ids}
    return [f"law 3: {min(strange)} was not old"] if strange and not shed else []


def a_new_one_was_proven_first(run: Run, *, base: int | None = None) -> list[str]:
    """Law 5: before the first old one went, a new one served."""
    first = min(
        (one.at for one in deeds(run, What.DEREGISTER, What.TERMINATE) if one.instance in run.found_ids), default=None
    )
    if first is None:
        return []
    most = max(one.serving for one in run.history if one.at <= first)
    size = run.found.desired if base is None else min(base, run.found.desired)
    return [] if most > size else [f"law 5: an old one went at {first:.1f}, and {most} served at most till then"]


def launches_were_bounded(run: Run) -> list[str]:
    """Law 6: at most one launch for each replaced one, three for failures, two to even out the zones."""
    launched = sum(one.who == "aws" and one.what is What.LAUNCH for one in run.world.record if one.group == run.group)
    replaced = len(run.found_ids - run.members)
    most = replaced + 5 + len(run.found_ids)
    return [f"law 6: {launched} launches for {replaced} replaced"] if launched > most else []


def all_is_as_found(run: Run, *, base: int | None = None) -> list[str]:
    """Law 7: sizes, suspended processes, registrations and tags are as found."""
    found, left = run.found, run.left
    wrong = []
    want = (found.minimum, found.desired if base is None else base, found.maximum)
    if (left.minimum, left.desired, left.maximum) != want:
        wrong.append(f"law 7: sizes are {(left.minimum, left.desired, left.maximum)}, {want} were found")
    if dict(left.suspended).keys() != dict(found.suspended).keys():
        wrong.append(f"law 7: suspended are {sorted(dict(left.suspended))}, {sorted(dict(found.suspended))} were found")
    if keys := ours(left):
        wrong.append(f"law 7: {keys} are left on the group")
    return wrong + [f"law 7: {id} is not registered everywhere" for id in unregistered(run)]


def unregistered(run: Run) -> list[str]:
    """Members in service that are missing from one of their group's sources."""
    state = run.world.state
    members = [one for one in state.members(run.group) if one.in_service]
    sources = [one.id for one in state.sources_of(run.group)]
    return [one.id for one in members if any(not state.registered(source, one.id) for source in sources)]


def all_were_replaced(run: Run) -> list[str]:
    """Law 16: exit 0 only if no old one is left."""
    left = run.found_ids & run.members
    return [f"law 16: {sorted(left)} are still there"] if left else []


def only_ours_was_resumed(run: Run) -> list[str]:
    """Law 8: what the owner had suspended was never resumed."""
    owners = set(dict(run.found.suspended))
    resumed = {name for one in deeds(run, What.RESUME) for name in one.detail.split()}
    return [f"law 8: {sorted(owners & resumed)} was the owner's"] if owners & resumed else []


def written_before_done(run: Run) -> list[str]:
    """Law 9: each act of ours follows a record that was written after the act before it or names it already."""
    tagged: list[str] = []
    wrong = []
    for one in run.world.record:
        if one.group != run.group or one.who != OWNER:
            continue
        if one.what is What.TAG:
            tagged = one.detail.split()
        if one.what in (What.DEREGISTER, What.TERMINATE) and f"async-rollout:lane:{one.instance}" not in tagged:
            wrong.append(f"law 9: {one.what} of {one.instance} at {one.at:.1f} stands in no record")
    return wrong[:1]


def broken(
    run: Run, bounds: Bounds, *, replaced: bool = True, surge: bool = True, base: int | None = None
) -> list[str]:
    """Every law that a single run can be asked for."""
    return [
        *the_floor_was_held(run, bounds),
        *the_ceiling_was_held(run, bounds),
        *(a_new_one_was_proven_first(run, base=base) if surge else []),
        *launches_were_bounded(run),
        *all_is_as_found(run, base=base),
        *only_ours_was_resumed(run),
        *written_before_done(run),
        *drained_before_terminated(run),
        *(all_were_replaced(run) if replaced else []),
    ]


def _ended(run: Run, id: str, at: float) -> bool:
    """EC2 had ended it by then: nothing of it drains any more."""
    died = (one for one in run.world.record if one.what is What.DIED and one.instance == id and not one.detail)
    return any(one.at <= at for one in died)


def drained_before_terminated(run: Run) -> list[str]:
    """The walkthrough: what we deregistered is terminated only when every source has let go of it."""
    let_go: dict[str, set[str]] = {}
    taken: dict[str, set[str]] = {}
    wrong = []
    for one in run.world.record:
        if one.group != run.group:
            continue
        if one.what is What.DEREGISTER and one.who == OWNER:
            taken.setdefault(one.instance, set()).add(one.detail)
        if one.what is What.DRAINED:
            let_go.setdefault(one.instance, set()).add(one.detail)
        if one.what is What.TERMINATE and one.who == OWNER:
            held = taken.get(one.instance, set()) - let_go.get(one.instance, set())
            held = set() if _ended(run, one.instance, one.at) else held
            wrong += [f"walkthrough: {one.instance} was terminated while {sorted(held)} still drained"] if held else []
    return wrong[:1]
