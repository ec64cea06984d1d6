"""What shall go wrong in one group: set by scenarios and tests, used up by the launches."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Troubles:
    """Mutable on purpose: the counts go down as instances are launched.

    failing_launches: so many next launches fail with launch_message. sick_launches: so many next instances never get
    healthy; sick_versions: all of these launch template versions never do. dying_launches: so many next instances die
    while booting. short_lived: seconds after which each of the next short_lived_launches dies in service. dry_zones:
    nothing can be launched there. lingering: seconds by which every drain outlasts its delay.
    """

    failing_launches: int = 0
    launch_message: str = ""
    sick_launches: int = 0
    sick_versions: frozenset[str] = field(default_factory=frozenset)
    dying_launches: int = 0
    short_lived_launches: int = 0
    short_lived: float = 60.0
    dry_zones: frozenset[str] = field(default_factory=frozenset)
    lingering: float = 0.0
