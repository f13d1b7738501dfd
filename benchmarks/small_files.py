"""Files of 1 KiB with 100 requests in flight: what counting costs next to the same service not counting."""

import statistics
import sys
from contextlib import ExitStack
from functools import partial

from benchmarks.installation import Installation
from benchmarks.load import rate
from benchmarks.report import Line, interleaved, median_ratio, spread
from benchmarks.setting import Setting
from benchmarks.targets import Ask

IN_FLIGHT = 100
GOAL_RATE, GOAL_TRANSACTIONS = 0.7, 0.1

_REFERENCES = {"uncounted": "a file that is not counted", "bare": "a handler that looks nothing up and opens nothing"}


def run(setting: Setting) -> list[Line]:
    """Requests per second, counted next to uncounted and that next to a bare handler; SQL transactions per download."""
    installation = setting.installation
    seconds = 1.0 if setting.is_quick else 3.0
    with ExitStack() as stack:
        service = stack.enter_context(installation.serving())
        bare = stack.enter_context(
            installation.serving([sys.executable, "-m", "benchmarks.bare_service", str(installation.files / "small")])
        )
        one_user = installation.download(service, setting.small.checksum)
        loads = {
            "bare": [Ask(port=bare.port, path="/bare", token=installation.token)] * IN_FLIGHT,
            "counted": [one_user] * IN_FLIGHT,
            "counted, many users": [
                installation.download(service, setting.small.checksum, token)
                for token in installation.tokens_of(f"user{number}@example.org" for number in range(IN_FLIGHT))
            ],
            "uncounted": [installation.download(service, setting.uncounted.checksum)] * IN_FLIGHT,
        }
        for asks in loads.values():
            rate(asks, 0.5)
        rates = interleaved({name: partial(rate, asks, seconds) for name, asks in loads.items()}, 5)
        _, transactions = _with_transactions(installation, loads["counted"], seconds)
        rate_of_one, transactions_of_one = _with_transactions(installation, [one_user], seconds)
    lines = [
        Line(
            what=f"1 KiB {name}, {IN_FLIGHT} in flight",
            value=statistics.median(rates[name]),
            unit="/s",
            reference=statistics.median(rates[reference]),
            ratio=median_ratio(rates[name], rates[reference]),
            at_least=goal,
            note=f"reference: {_REFERENCES[reference]}; {spread(rates[name], rates[reference])}",
        )
        for name, reference, goal in (
            ("counted", "uncounted", GOAL_RATE),
            ("counted, many users", "uncounted", GOAL_RATE),
            ("uncounted", "bare", None),
        )
    ]
    return [
        *lines,
        Line(
            what=f"SQL transactions per counted download, {IN_FLIGHT} in flight",
            value=transactions,
            unit="",
            at_most=GOAL_TRANSACTIONS,
            note="admission, settlement, leases and sweep together",
        ),
        Line(
            what="SQL transactions per counted download, 1 in flight",
            value=transactions_of_one,
            unit="",
            note=f"{rate_of_one:,.0f} downloads/s, one after the other",
        ),
    ]


def _with_transactions(installation: Installation, asks: list[Ask], seconds: float) -> tuple[float, float]:
    """Downloads per second, and SQL transactions per download."""
    before = installation.transactions()
    found = rate(asks, seconds)
    return found, (installation.transactions() - before) / (found * seconds)
