"""What every benchmark works with."""

import attrs

from benchmarks.installation import Installation
from benchmarks.targets import Target


@attrs.frozen
class BenchFile:
    """A registered file."""

    name: str
    size: int
    checksum: str

    @property
    def label(self) -> str:
        """Its size for people."""
        for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if self.size >= factor:
                return f"{self.size / factor:g} {unit}"
        return f"{self.size} B"


@attrs.frozen(kw_only=True)
class Setting:
    """The installation, its files, the reference, and how long to measure."""

    installation: Installation
    reference: Target
    big: BenchFile
    stuck: BenchFile
    verified: BenchFile
    small: BenchFile
    uncounted: BenchFile
    is_quick: bool

    @property
    def rounds(self) -> int:
        """Rounds of measurements that take under a second."""
        return 5 if self.is_quick else 11

    @property
    def rounds_of_many(self) -> int:
        """Rounds of measurements that take seconds."""
        return 3 if self.is_quick else 5

    @property
    def slow_clients(self) -> int:
        """How many clients stop reading at once."""
        return 100 if self.is_quick else 500
