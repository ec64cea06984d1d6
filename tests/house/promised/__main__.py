"""`python tests/house/promised VERSION`: keeps what this release promises by name in VERSION.json.

Run once at a release, never again for the same one: later releases keep what it says, or say what to write instead.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE.parents[2]), str(HERE.parents[1])]  # a release's own tree may come first: PYTHONPATH

from support.promised import surface  # noqa: E402

if __name__ == "__main__":
    with (HERE / f"{sys.argv[1]}.json").open("x", encoding="utf-8") as file:
        file.write(json.dumps(surface(), indent=1) + "\n")
