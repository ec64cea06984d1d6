"""Where the members of AWS's answers stand that are newer than the pinned botocore knows: it drops what it lacks.

botocore merges `SERVICE/VERSION/service-2.sdk-extras.json` of each folder of its search path into its own model. The
aws layer reads answers with it, and the sandbox writes them with it. A test says when the pin has caught up.
"""

from __future__ import annotations

from pathlib import Path

MODELS = str(Path(__file__).parent / "aws" / "models")
"""The folder, as botocore's loaders take it."""
