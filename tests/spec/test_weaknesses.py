"""The page about upstream's weaknesses is complete, and what it calls a proof exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/weaknesses.md").read_text()

FRONT_DOOR = [f"W{number}" for number in range(1, 23)]
DOWNLOADER = [f"W{number}" for number in range(1, 55)] + ["W4b", "W6b", "W12b", "W33b"]
NO_PROOF = re.compile(r"Does not apply: \S.*|No test: \S.*")

PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(chapter: str) -> list[list[str]]:
    """The cells of each row of the table below a heading, without its head."""
    text = PAGE.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| W")]
    return [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in lines]


ROWS = [*rows("The front door"), *rows("The downloader")]


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests in a module, also of those in classes."""
    tree = ast.parse((ROOT / path).read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


@pytest.mark.parametrize(("chapter", "expected"), [("The front door", FRONT_DOOR), ("The downloader", DOWNLOADER)])
def test_every_weakness_is_there_once(chapter, expected):
    assert sorted(row[0] for row in rows(chapter)) == sorted(expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_differs_and_names_tests_that_exist_or_the_reason_why_there_is_none(row):
    assert len(row) == 4
    assert all(row)
    proofs = PROOF.findall(row[3])
    assert proofs or NO_PROOF.fullmatch(row[3])
    missing = [f"{path}::{name}" for path, name in proofs if name not in names_in(path)]
    assert missing == []
