"""What the front door costs next to the bare download of the same file by the same user, in the same process.

The front door decides for a registered user with a right of one group, and an accepted licence; the bare download asks
for the role only. Then the same through a front door in a process of its own, in front of one downloader.
"""

import json
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import attrs

from benchmarks.databases import VARIABLE, fresh_schema
from benchmarks.installation import TENANT, Installation
from benchmarks.load import rate
from benchmarks.report import Line, interleaved, median_ratio, spread
from benchmarks.setting import Setting
from benchmarks.sink import SinkConnection, timed_fetch
from benchmarks.targets import Ask, Target
from domain.access import Role

IN_FLIGHT = 100
SMALL, BIG = 1024, 64 << 20
GOAL_RATE, GOAL_LATENCY, GOAL_BIG, GOAL_STATEMENTS = 0.67, 1.5, 0.9, 3.0
ALICE = "alice@example.org"
DATASET = f"URN:AIP:DATASET:{TENANT}:{UUID(int=1)}:LAST"
GROUP = "readers"


def run(setting: Setting) -> list[Line]:
    """Requests and bytes per second and the time of one request, each as a ratio to the bare download."""
    lines = measured("SQLite", setting.installation, setting)
    if VARIABLE not in os.environ:
        return lines
    with (
        tempfile.TemporaryDirectory(dir=setting.installation.files.parent) as folder,
        fresh_schema(os.environ[VARIABLE]) as url,
    ):
        return [*lines, *measured("PostgreSQL", Installation(Path(folder), database_url=url), setting)]


@attrs.frozen
class Doors:
    """The ways to one file: through the front door, and without it."""

    front: Ask
    bare: Ask
    label: str


def measured(database: str, installation: Installation, setting: Setting) -> list[Line]:
    """Everything on one database."""
    checksums = {size: installation.add_file(f"front-{size}", size) for size in (SMALL, BIG)}
    (user,) = installation.tokens_of([ALICE], Role.REGISTERED_USER)
    with installation.serving() as service:
        paths = {size: _put_product(service, installation, size, checksum) for size, checksum in checksums.items()}
        _open_to_alice(service, installation, user)

    def doors(front: Target, bare: Target, size: int) -> Doors:
        label = f"{size // 1024} KiB" if size < 1 << 20 else f"{size >> 20} MiB"
        return Doors(
            Ask(port=front.port, path=paths[size], token=user), installation.download(bare, checksums[size]), label
        )

    lines = []
    with installation.serving() as service:
        small = doors(service, service, SMALL)
        where = f"{database}, one process"
        lines += _small(small, where, setting, rate_goal=GOAL_RATE, latency_goal=GOAL_LATENCY)
        lines += _statements(small, service, where, setting)
        lines += _big(doors(service, service, BIG), where, setting, goal=GOAL_BIG)
    with _apart(installation) as (front, downloader):
        where = f"{database}, a front door apart"
        lines += _small(doors(front, downloader, SMALL), where, setting)
        lines += _big(doors(front, downloader, BIG), where, setting)
    return lines


@contextmanager
def _apart(installation: Installation) -> Iterator[tuple[Target, Target]]:
    with ExitStack() as stack:
        downloader = stack.enter_context(installation.serving(profiles="downloader,storage"))
        front = stack.enter_context(
            installation.serving(profiles="catalog", downloaders=f"http://127.0.0.1:{downloader.port}")
        )
        yield front, downloader


def _small(
    doors: Doors, where: str, setting: Setting, *, rate_goal: float | None = None, latency_goal: float | None = None
) -> list[Line]:
    seconds, count = (1.0, 100) if setting.is_quick else (3.0, 300)
    loads = {"front": [doors.front] * IN_FLIGHT, "bare": [doors.bare] * IN_FLIGHT}
    for asks in loads.values():
        rate(asks, 0.5)
    rates = interleaved({name: partial(rate, asks, seconds) for name, asks in loads.items()}, setting.rounds_of_many)
    times = interleaved(
        {"front": partial(_median_seconds, doors.front, count), "bare": partial(_median_seconds, doors.bare, count)},
        setting.rounds_of_many,
    )
    return [
        Line(
            what=f"{doors.label}, {IN_FLIGHT} in flight, {where}",
            value=statistics.median(rates["front"]),
            unit="/s",
            reference=statistics.median(rates["bare"]),
            ratio=median_ratio(rates["front"], rates["bare"]),
            at_least=rate_goal,
            note=f"reference: the bare download; {spread(rates['front'], rates['bare'])}",
        ),
        Line(
            what=f"{doors.label}, 1 in flight, p50, {where}",
            value=statistics.median(times["front"]) * 1000,
            unit="ms",
            reference=statistics.median(times["bare"]) * 1000,
            ratio=median_ratio(times["front"], times["bare"]),
            at_most=latency_goal,
            note=f"reference: the bare download; {spread(times['front'], times['bare'])}",
        ),
    ]


def _big(doors: Doors, where: str, setting: Setting, *, goal: float | None = None) -> list[Line]:
    def speed(ask: Ask) -> float:
        received, seconds = timed_fetch(ask)
        return received / seconds / 1e9

    for ask in (doors.front, doors.bare):
        speed(ask)
    speeds = interleaved({"front": partial(speed, doors.front), "bare": partial(speed, doors.bare)}, setting.rounds)
    return [
        Line(
            what=f"{doors.label}, 1 client, {where}",
            value=statistics.median(speeds["front"]),
            unit="GB/s",
            reference=statistics.median(speeds["bare"]),
            ratio=median_ratio(speeds["front"], speeds["bare"]),
            at_least=goal,
            note=f"reference: the bare download; {spread(speeds['front'], speeds['bare'])}",
        )
    ]


def _statements(doors: Doors, service: Target, where: str, setting: Setting) -> list[Line]:
    """SQL statements per request, at many in flight and at one, as the service counts them."""
    seconds = 1.0 if setting.is_quick else 3.0
    lines = []
    for in_flight in (IN_FLIGHT, 1):
        counts = {}
        for name, ask in (("front", doors.front), ("bare", doors.bare)):
            before, begun = _so_far(service)
            rate([ask] * in_flight, seconds)
            after, ended = _so_far(service)
            counts[name] = (after - before) / (ended - begun)
        lines.append(
            Line(
                what=f"SQL statements per {doors.label} request, {in_flight} in flight, {where}",
                value=counts["front"],
                unit="",
                reference=counts["bare"],
                note=f"the door adds {counts['front'] - counts['bare']:.2f}; reference: the bare download",
            )
        )
    return lines


def _so_far(service: Target) -> tuple[float, float]:
    """Statements of the ledger and of both look-ups, and downloads, as the service counts them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics") as answer:
        lines = answer.read().decode().splitlines()

    def total(*names: str) -> float:
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(names))

    statements = total("rs_downloader_ledger_statements_total", "rs_downloader_lookup_statements_total")
    return statements, total("rs_downloader_downloads_started_total")


def _median_seconds(ask: Ask, count: int) -> float:
    """Of so many requests, one after the other on one connection."""
    connection, message, found = SinkConnection(ask.port), ask.message(), []
    for _ in range(count):
        started = time.perf_counter()
        connection.fetch(message)
        found.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(found)


def _put_product(service: Target, installation: Installation, size: int, checksum: str) -> str:
    """A product with this file; the path behind the front door."""
    urn = f"URN:AIP:DATA:{TENANT}:{UUID(int=size)}:V1"
    file = {
        "dataType": "RAWDATA",
        "checksum": checksum,
        "digestAlgorithm": "SHA-256",
        "filename": f"{size}.dat",
        "filesize": size,
        "mimeType": "application/octet-stream",
        "reference": False,
    }
    feature = {
        "type": "Feature",
        "id": urn,
        "providerId": str(size),
        "label": str(size),
        "model": "scene",
        "properties": {},
        "tags": [DATASET],
        "files": {"RAWDATA": [file]},
    }
    _put(service, f"/products/{urn}", installation.token, feature)
    return f"/downloads/{urn}/files/{checksum}"


def _open_to_alice(service: Target, installation: Installation, user: str) -> None:
    right = {
        "group": GROUP,
        "dataset": DATASET,
        "metadataAccessLevel": "FULL_ACCESS",
        "fileAccessLevel": "INHERITED_ACCESS",
    }
    _put(service, f"/accessgroups/{GROUP}", installation.token, {})
    _put(service, f"/accessgroups/{GROUP}/users/{ALICE}", installation.token, {})
    _put(service, "/accessrights", installation.token, right)
    _put(service, "/licences", installation.token, {"link": "https://example.org/licence.html", "dataset": DATASET})
    _put(service, f"/datasets/{DATASET}/license", user, {})


def _put(service: Target, path: str, token: str, body: object) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}{path}",
        data=json.dumps(body).encode(),
        method="PUT",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
