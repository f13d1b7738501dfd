"""``python -m benchmarks.exactness [--repeat 20] [--quick]``: the exactness of four servers, again and again.

Runs the tests of ``tests/e2e/test_engines_exactness.py``, whose moments of failure are drawn anew every time: as they
are, with one server killed, and with the database restarted in both ways. Prints one line for each run, ends with 1
when any was not exact. Needs ``RS_DOWNLOADER_TEST_POSTGRES_URL`` and the programs of a PostgreSQL server.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.e2e import test_engines_exactness as exactness

RUNS: dict[str, Callable[[Path], None]] = {
    "as they are": exactness.test_four_servers_grant_exactly_the_quota_and_never_more_at_once_than_the_rate,
    "one server killed": exactness.test_a_server_that_is_killed_lets_nothing_over_and_leaves_nothing_behind,
} | {
    f"database restarted ({mode})": partial(
        exactness.test_a_database_that_restarts_lets_nothing_over_and_leaves_nothing_behind, mode=mode
    )
    for mode in ("fast", "immediate")
}


def main() -> int:
    """How many runs of each were exact."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exactness", description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=20, help="runs of each")
    parser.add_argument("--quick", action="store_true", help="only without failures")
    options = parser.parse_args()
    runs = dict(list(RUNS.items())[:1]) if options.quick else RUNS
    failed = 0
    for name, run in runs.items():
        started, exact = time.monotonic(), 0
        for number in range(options.repeat):
            with tempfile.TemporaryDirectory(prefix="rs-downloader-exactness-") as folder:
                try:
                    run(Path(folder))
                except AssertionError as error:
                    print(f"{name}, run {number + 1}: {error}", flush=True)
                else:
                    exact += 1
                    print(f"{name}, run {number + 1}: exact", flush=True)
        failed += options.repeat - exact
        print(f"{name}: {exact} of {options.repeat} runs exact ({time.monotonic() - started:.0f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
