"""The rooms of the core hold no circle, none hidden from the import contract either."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "async_rollout" / "core"
PACKAGE = "async_rollout.core"


def imported(source: str) -> set[str]:
    """The files of the core that one imports, for type checkers only or inside of a function too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if names == [PACKAGE]:
            names = [f"{PACKAGE}.{alias.name}" for alias in node.names]  # type: ignore[attr-defined]
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.removeprefix(f"{PACKAGE}.") for name in names if name.startswith(f"{PACKAGE}.")}
    return found


def order(sources: dict[str, str]) -> list[str]:
    """The files so that each stands behind what it imports. Raises CycleError."""
    return [*TopologicalSorter({name: imported(source) for name, source in sources.items()}).static_order()]


def test_no_file_of_the_core_needs_one_that_needs_it() -> None:
    files = {file.stem: file.read_text(encoding="utf-8") for file in CORE.glob("*.py") if file.stem != "__init__"}
    found = order(files)
    assert found.index("spec") < found.index("journal") < found.index("observation") < found.index("decide")


def test_every_file_stands_in_the_tour_of_the_rooms_in_the_order_of_the_contract() -> None:
    """What a newcomer reads first and what the checker holds are one."""
    contracts = tomllib.loads((CORE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (one["layers"] for one in contracts["contracts"] if one.get("exhaustive"))
    tour = (CORE / "__init__.py").read_text(encoding="utf-8").partition("The rooms")[2].partition("The path of one")[0]
    rooms = re.split(r"^    (?=\w+ {3,})", tour, flags=re.MULTILINE)[1:]
    assert [set(re.findall(r"`(\w+)`", room)) for room in rooms] == [set(room.split(" : ")) for room in layers[::-1]]


def test_a_circle_is_noticed_also_one_for_type_checkers() -> None:
    hidden = "if TYPE_CHECKING:\n    from async_rollout.core.b import B"
    with pytest.raises(CycleError):
        order({"a": hidden, "b": "from async_rollout.core import a"})
