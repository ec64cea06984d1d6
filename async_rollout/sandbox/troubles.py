"""What shall go wrong in one group: set by scenarios and tests, used up by the launches."""

from __future__ import annotations

from dataclasses import dataclass, field

from async_rollout.sandbox.words import NO_CAPACITY, OVER_QUOTA


@dataclass(slots=True, kw_only=True)
class Troubles:
    """Mutable on purpose: the counts go down as instances are launched.

    failing_launches: so many next launches fail with launch_message. sick_launches: so many next instances never get
    healthy; sick_versions: all of these launch template versions never do. dying_launches: so many next instances die
    while booting. relapse: seconds after which the application of a new instance stops answering, None: never;
    relapse_share: which share of them does, relapsing: of which versions, None: of any. ill_until: by the world's
    clock, no application comes up before.
    short_lived: seconds after which each of the next short_lived_launches dies in service. dry_zones: nothing can be
    launched there, for want of capacity; zone_words: nor there, for what the words say. quota: so many instances of
    the group may run, one more fails with quota_words. settling: launches fail with settling_words until so many
    seconds after the first that did (settles_at). lingering: seconds by which every drain outlasts its delay.
    answering: seconds that AWS works on each LaunchInstances before it answers; what comes is there at once.
    tried: the zones that failed since the last launch that came to be.
    """

    failing_launches: int = 0
    launch_message: str = ""
    sick_launches: int = 0
    sick_versions: frozenset[str] = field(default_factory=frozenset)
    dying_launches: int = 0
    relapse: float | None = None
    relapse_share: float = 1.0
    relapsing: frozenset[str] | None = None
    ill_until: float = 0.0
    short_lived_launches: int = 0
    short_lived: float = 60.0
    dry_zones: frozenset[str] = field(default_factory=frozenset)
    zone_words: dict[str, str] = field(default_factory=dict)
    quota: int | None = None
    quota_words: str = OVER_QUOTA
    settling: float = 0.0
    settling_words: str = ""
    settles_at: float | None = None
    lingering: float = 0.0
    answering: float = 0.0
    tried: set[str] = field(default_factory=set)

    def refusal(self, zone: str, running: int, at: float) -> str | None:
        """AWS's words for a launch there now, None if it comes to be. running: instances that count against a quota."""
        if zone in self.zone_words or zone in self.dry_zones:
            return self.zone_words.get(zone, NO_CAPACITY)
        if self.failing_launches > 0:
            self.failing_launches -= 1
            return self.launch_message
        if self.settling:
            self.settles_at = at + self.settling if self.settles_at is None else self.settles_at
            if at < self.settles_at:
                return self.settling_words
        return self.quota_words if self.quota is not None and running >= self.quota else None
