"""What the thread of the event loop does itself."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def calls_of_this_thread() -> Iterator[Counter[str]]:
    """Counts the calls of built-in functions that the thread of the event loop makes, by name."""
    made: Counter[str] = Counter()

    def seen(_frame: object, event: str, function: Any) -> None:
        if event == "c_call":
            made[function.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield made
    finally:
        sys.setprofile(before)
