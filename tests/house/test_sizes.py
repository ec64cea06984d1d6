"""The house rules that can be counted: short functions, short files, no fakes by magic."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 300, 50, 8
PACKAGE = sorted((ROOT / "async_rollout").rglob("*.py"))
EVERYTHING = PACKAGE + sorted(file for name in ("tests", "examples") for file in (ROOT / name).rglob("*.py"))


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file and its length in lines, its signature and docstring included."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{name(file)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_the_package_is_found() -> None:
    assert ROOT / "async_rollout" / "core" / "decide.py" in PACKAGE
    assert Path(__file__) in EVERYTHING


def test_no_file_is_too_long() -> None:
    lengths = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in EVERYTHING}
    assert {file: lines for file, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    assert {of: lines for file in EVERYTHING for of, lines in functions(file) if lines > LONGEST_FUNCTION} == {}


def test_most_functions_are_short() -> None:
    assert statistics.median(lines for file in PACKAGE for _, lines in functions(file)) <= MEDIAN_FUNCTION


@pytest.mark.parametrize("file", PACKAGE, ids=name)
def test_every_file_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module)):
                found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def test_fakes_not_mocks() -> None:
    assert [name(file) for file in EVERYTHING if imports(file) & {"unittest.mock", "mock", "pytest_mock"}] == []


def test_no_test_imports_another() -> None:
    """What two of them need is in tests/support."""
    assert [name(file) for file in EVERYTHING if any(".test_" in f".{one}" for one in imports(file))] == []


def test_test_files_have_names_of_their_own() -> None:
    """Two of the same name would hide each other where tests are imported by name."""
    unnamed = ("conftest.py", "__main__.py", "__init__.py")
    names = [file.name for file in (ROOT / "tests").rglob("*.py") if file.name not in unnamed]
    assert sorted(set(names)) == sorted(names)


FORBIDDEN = ("util", "helper", "manager", "context", "handler")


def test_files_are_named_for_their_idea() -> None:
    assert [name(file) for file in PACKAGE if any(word in file.stem for word in FORBIDDEN)] == []
