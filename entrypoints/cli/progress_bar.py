"""How far a long command is, on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(what: str, total: int | None, *measures: ProgressColumn, as_json: bool) -> Iterator[Progress]:
    """A bar with one task, for people only; ``measures`` stand between the bar and the time that remains."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), *measures, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=as_json or not console.is_terminal) as progress:
        progress.add_task(what, total=total)
        yield progress
