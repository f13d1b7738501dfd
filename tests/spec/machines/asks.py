"""What users of the quota machine ask for: files of telling sizes, and parts of them at telling places."""

from datetime import timedelta

import attrs
from hypothesis import strategies as st

from domain.account import AccountKey
from domain.download import TransferRequest
from tests.factories import TENANT
from tests.spec.machines.log import Ask
from tests.spec.machines.model import ANONYMOUS

USERS = ("alice@example.org", "bob@example.org", ANONYMOUS)
SIZES = {"empty": 0, "free": 1000, "large": 1024 * 1024 * 1024, "small": 1000}
"""Of ``small`` the grace is the whole file; of ``large`` it is a part; ``free`` is not counted."""


@attrs.frozen
class Shape:
    """Which part of a file is asked for, in sixteenths, with a small shift of its start."""

    first: int
    count: int
    shift: int

    def of(self, size: int) -> tuple[int, int]:
        """``start`` and ``length`` in bytes, inside the file."""
        if size == 0:
            return 0, 0
        start = min(max(size * self.first // 16 + self.shift, 0), size - 1)
        return start, min(max(size * self.count // 16, 1), size - start)


class Change:
    """What was done to a file since others asked for it: nothing, new bytes, or another data type."""

    NOTHING = "nothing"
    SIZE = "size"
    DATA_TYPE = "data type"


class Fate:
    """What becomes of a transfer at once; most rules act on those that run."""

    RUNS = "runs"
    FINISHES = "finishes"
    BREAKS = "breaks after some bytes"
    IS_ABORTED = "is aborted before the first byte"
    IS_CORRUPT = "turns out corrupt"


FATES = st.sampled_from([Fate.RUNS, Fate.RUNS, Fate.FINISHES, Fate.BREAKS, Fate.IS_ABORTED, Fate.IS_CORRUPT])
ENDS = st.sampled_from([Fate.FINISHES, Fate.BREAKS, Fate.IS_CORRUPT])
WHOLE = Shape(0, 16, 0)
SHAPES = st.just(WHOLE) | st.builds(
    Shape, st.integers(0, 15), st.sampled_from([0, 1, 4, 8, 16]), st.sampled_from([0, 0, 0, -1, 1, 100])
)
FILES = st.sampled_from(["small", "small", "large", "large", "empty", "free"])
NAMED_USERS = st.sampled_from([USERS[0], USERS[0], USERS[0], USERS[1]])
ALL_USERS = st.sampled_from([USERS[0], USERS[0], USERS[0], USERS[0], USERS[1], USERS[2]])
CHANGES = st.sampled_from([Change.NOTHING] * 12 + [Change.SIZE, Change.DATA_TYPE])
LIMITS = st.sampled_from([-1, -1, 0, 1, 2, 3, 5])
PICK = st.integers(0, 63)
INSTANCES = st.sampled_from([0, 1])
DURATIONS = st.sampled_from(
    [timedelta(seconds=seconds) for seconds in (1, 5, 29, 30, 31, 600, 3600, 24 * 3600, 31 * 24 * 3600)]
)


def request_of(ask: Ask) -> TransferRequest:
    """The same request, in the domain's words."""
    return TransferRequest(
        account=AccountKey(TENANT, ask.user),
        checksum=ask.file,
        size_bytes=ask.size,
        is_counted=ask.counted,
        start=ask.start,
        length=ask.length,
        transfer_id=ask.transfer,
        download_id=ask.download,
        instance_id=ask.instance,
        ticket_id=ask.ticket,
    )
