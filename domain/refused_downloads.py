"""What a user is told of refused downloads: the first few by name, the rest as a number (contract-downloader 3.5)."""

import attrs

from domain.quota import QuotaExceeded, RateExceeded, Refusal

LINES_SHOWN = 3


@attrs.frozen
class RefusedDownloads:
    """The refusals of one user since the last report."""

    lines: tuple[str, ...] = ()
    more: int = 0

    def and_one(self, file_name: str, refusal: Refusal) -> "RefusedDownloads":
        """With one further refusal; only those by the user's limits are told."""
        if not isinstance(refusal, QuotaExceeded | RateExceeded):
            return self
        if len(self.lines) >= LINES_SHOWN:
            return attrs.evolve(self, more=self.more + 1)
        which = "quota" if isinstance(refusal, QuotaExceeded) else "rate"
        line = f"Could not download file {file_name}: download {which} exceeded."
        return attrs.evolve(self, lines=(*self.lines, line))

    def and_these(self, others: "RefusedDownloads") -> "RefusedDownloads":
        """Both, in this order."""
        lines = (*self.lines, *others.lines)
        return RefusedDownloads(lines[:LINES_SHOWN], self.more + others.more + len(lines[LINES_SHOWN:]))

    @property
    def message(self) -> str:
        """Upstream's text."""
        text = "\n".join(self.lines)
        return text if self.more == 0 else f"{text}\n... and {self.more} more download errors."
