"""The error tree: whose fault is it.

Everything this package raises on purpose is a `RolloutError`; each leaf says who can mend it (the owner of the
groups, the cloud, a hook, or this package) and carries the exit code which the command line ends with.
"""


class RolloutError(Exception):
    """Root of the tree. `code` is the exit code of the command line (`async-rollout docs options` lists them)."""

    code = 1


class UsageError(RolloutError):
    """The owner's: the order makes no sense as given; code 2. Nothing was asked of AWS, and nothing was changed."""

    code = 2


class RefusedError(RolloutError):
    """The owner's: refused before any change, as the groups do not allow it now; code 3. Nothing was changed."""

    code = 3


class UnknownGroupError(RolloutError):
    """The owner's: AWS knows no group of that name in this account and region; code 3. No group was touched."""

    code = 3


class CredentialsError(RolloutError):
    """The owner's: no credentials, expired ones, or a permission is missing, which the message names; code 4."""

    code = 4


class UnseenError(RolloutError):
    """The cloud's: no complete answer within the retries. Nothing is known, so nothing is done; look again.

    Code 1; the command line ends with 3 where that was before the first change.
    """


class BrokenError(RolloutError):
    """Ours: a state that must not happen; code 1. Please report it."""
