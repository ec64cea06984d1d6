"""Where the calls of AWS and the members of its answers stand that the pinned botocore does not know yet.

It cannot make such a call, and drops such a member. botocore merges `SERVICE/VERSION/service-2.sdk-extras.json`
of each folder of its search path into its own model. The aws layer asks and reads with it, and the sandbox answers with
it. A test says when the pin has caught up.
"""

from __future__ import annotations

from pathlib import Path

MODELS = str(Path(__file__).parent / "aws" / "models")
"""The folder, as botocore's loaders take it."""
