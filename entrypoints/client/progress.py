"""How a run looks: bars on a terminal, a line for each file elsewhere. Always on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from entrypoints.client.listing import Wanted
from entrypoints.client.outcome import Outcome
from entrypoints.client.surroundings import Listener

_NAME_WIDTH = 40


class Display(Listener):
    """A listener that is also told of the ends."""

    def ended(self, wanted: Wanted, outcome: Outcome) -> None:
        """A file is there, or does not come."""


@attrs.frozen
class Lines(Display):
    """A line for each thing that a person would want to find in a log."""

    console: Console

    def advanced(self, wanted: Wanted, received: int, size: int | None) -> None:
        """Not worth a line."""

    def waits(self, wanted: Wanted, why: str) -> None:
        """Why nothing comes."""
        self._line(f"{wanted.label}: {why}")

    def ended(self, wanted: Wanted, outcome: Outcome) -> None:
        """What became of it."""
        del wanted
        self._line(sentence(outcome))

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


@attrs.define(eq=False)
class Bars(Display):
    """A bar for each file that moves, and one for all."""

    progress: Progress
    all_files: TaskID
    _bars: dict[Wanted, TaskID] = attrs.field(factory=dict)

    def advanced(self, wanted: Wanted, received: int, size: int | None) -> None:
        """Move the bar."""
        if wanted not in self._bars:
            self._bars[wanted] = self.progress.add_task(wanted.label[:_NAME_WIDTH], total=size)
        self.progress.update(self._bars[wanted], completed=received, total=size, status="")

    def waits(self, wanted: Wanted, why: str) -> None:
        """Say so beside the bar."""
        if wanted in self._bars:
            self.progress.update(self._bars[wanted], status=why)

    def ended(self, wanted: Wanted, outcome: Outcome) -> None:
        """Take the bar away."""
        if wanted in self._bars:
            self.progress.remove_task(self._bars.pop(wanted))
        self.progress.update(self.all_files, advance=1)
        if outcome.failure is not None:
            self.progress.console.print(sentence(outcome), markup=False, highlight=False)


@contextmanager
def display(count: int, *, is_quiet: bool) -> Iterator[Display]:
    """The one that suits where standard error goes."""
    console = Console(stderr=True, quiet=is_quiet)
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[status]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress, progress.add_task("all files", total=count, status=""))


def sentence(outcome: Outcome) -> str:
    """One line on what became of a file."""
    if outcome.failure is not None:
        return f"{outcome.file}: {outcome.failure.value}: {outcome.reason}"
    how = f"{outcome.verified_by} is right" if outcome.verified_by else "not verified: no checksum is known"
    return f"{outcome.path}: {'was there' if outcome.was_there else 'done'}, {outcome.bytes} bytes, {how}"
