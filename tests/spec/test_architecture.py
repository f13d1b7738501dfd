"""The house: what lies where, and who may know whom (docs/architecture.md)."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = {"domain", "application", "adapters", "entrypoints", "migrations"}
FOLDERS = PACKAGES | {"tests", "benchmarks", "docs", "deploy", ".ci"}


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.fail(f"git does not list the files of the repository: {listed.stderr}")
    return [Path(name) for name in listed.stdout.split("\0") if name]


def modules(package):
    return [path for path in tracked_files() if path.parts[0] == package and path.suffix == ".py"]


def imports(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


def test_the_top_level_holds_these_folders_and_no_others():
    assert {path.parts[0] for path in tracked_files() if len(path.parts) > 1} == FOLDERS


def test_every_import_contract_holds():
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", checked.stdout)


def test_the_rules_need_nothing_but_the_standard_library_and_attrs():
    allowed = sys.stdlib_module_names | {"attrs", "domain"}

    assert {
        (str(path), name) for path in modules("domain") for name in imports(path) if name.split(".")[0] not in allowed
    } == set()


def test_only_the_settings_read_the_environment():
    readers = {
        str(path)
        for package in PACKAGES
        for path in modules(package)
        if re.search(r"\bos\.(environ|getenv)\b|from os import .*\b(environ|getenv)\b", (ROOT / path).read_text())
    }

    assert readers == {"entrypoints/settings/__init__.py"}


def test_only_the_system_clock_asks_for_the_time():
    tellers = {
        str(path)
        for package in PACKAGES - {"migrations"}
        for path in modules(package)
        if re.search(r"\bdatetime\.(now|utcnow)\(|\btime\.time\(", (ROOT / path).read_text())
    }

    assert tellers <= {"adapters/system/clock.py"}


def test_the_lock_names_no_host_and_pins_every_declared_dependency():
    lock = (ROOT / "requirements.lock").read_text()
    pins = {canonicalize_name(m[1]): m[2] for m in re.finditer(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [*project["project"]["dependencies"]]
    for group in [*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()]:
        declared += group

    assert "://" not in lock
    assert [
        text
        for text in declared
        if (wanted := Requirement(text)) and pins.get(canonicalize_name(wanted.name), "") not in wanted.specifier
    ] == []


def test_the_command_line_loads_no_server_and_no_web_framework():
    """Every command would pay for it, and scripts start many."""
    loaded = "import sys, entrypoints.cli; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not {"litestar", "uvicorn", "alembic"} & set(found.stdout.split())
