"""Results on standard output: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import attrs
import rich_click as click
from rich.console import Console
from rich.table import Table

UNLIMITED_SHOWN = "unlimited"


def print_json(value: object) -> None:
    """One JSON document in UTF-8. Names are in camel case as in the HTTP API, dates ISO 8601 in UTC.

    Bytes of a file name that are no UTF-8 are written as escaped surrogates, as Python keeps them.
    """
    text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Rows under their headings; ``empty`` says what it means that there are none."""
    rows = list(rows)
    if not rows:
        click.echo(empty)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    # Cut off by a terminal is readable, cut off in a pipe is data lost.
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=10_000)
    console.print(table, no_wrap=True)


def print_rows(
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    as_json: bool,
    empty: str,
    headings: Sequence[str] | None = None,
) -> None:
    """Rows as JSON objects with these names, or as a table under the headings, which are the names unless given."""
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(headings or names, rows, empty=empty)


def limit(value: int) -> str:
    """A limit as people read it."""
    return UNLIMITED_SHOWN if value < 0 else str(value)


def size(count: int) -> str:
    """Bytes as people read them."""
    number = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def plain(value: object) -> Any:
    """What JSON can hold of a value made of attrs classes, enums and dates."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    kind: type[Any] = type(value)
    if attrs.has(kind):
        return {_camel(field.name): plain(getattr(value, field.name)) for field in attrs.fields(kind)}
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return str(value)
