"""One line per measured goal, printed as a Markdown table."""

import statistics
from collections.abc import Callable, Mapping, Sequence

import attrs


@attrs.frozen(kw_only=True)
class Line:
    """A measured value next to its reference. ``goal`` is compared with ``ratio``, or with ``value`` without one."""

    what: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is met; empty where there is none."""
        judged = self.value if self.ratio is None else self.ratio
        if self.at_least is not None:
            return "met" if judged >= self.at_least else "MISSED"
        if self.at_most is not None:
            return "met" if judged <= self.at_most else "MISSED"
        return ""

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        goal = f"≥ {self.at_least:g}" if self.at_least is not None else ""
        goal = f"≤ {self.at_most:g}" if self.at_most is not None else goal
        return (
            self.what,
            f"{_number(self.value)} {self.unit}",
            "" if self.reference is None else f"{_number(self.reference)} {self.unit}",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            goal,
            self.verdict,
            self.note,
        )


HEAD = ("what", "service", "reference", "ratio", "goal", "verdict", "note")


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    text.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {row} |" for row in text)


def interleaved(targets: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """``rounds`` results of every target, taken in turns (A B C A B C …), so that noise hits all alike."""
    results: dict[str, list[float]] = {name: [] for name in targets}
    for number in range(rounds):
        for name in list(targets)[:: 1 if number % 2 == 0 else -1]:
            results[name].append(targets[name]())
    return results


def median_ratio(values: Sequence[float], references: Sequence[float]) -> float:
    """Median of the ratios inside each round."""
    return statistics.median(value / reference for value, reference in zip(values, references, strict=True))


def spread(values: Sequence[float], references: Sequence[float]) -> str:
    """Smallest and largest ratio of the rounds."""
    ratios = [value / reference for value, reference in zip(values, references, strict=True)]
    return f"{min(ratios):.2f}..{max(ratios):.2f} in {len(ratios)} rounds"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
