"""How many products ``rs-downloader catalog import`` takes in a second, into a catalogue that is large already."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from adapters.formats.products import JsonProductFormats
from adapters.persistence.engine import create_engine_for
from benchmarks.installation import COMMAND
from benchmarks.search_data import FIRST_SCENE, TENANT, a_scene


def import_rate(url: str, products: int, more: int) -> float:
    """Products per second of the command, which starts and ends once, with ``more`` behind those that were loaded."""
    _count_on(url)
    formats = JsonProductFormats()
    first = FIRST_SCENE + products
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.ndjson"
        with path.open("w") as file:
            for number in range(first, first + more):
                file.write(json.dumps(formats.feature(a_scene(number))) + "\n")
        started = time.monotonic()
        subprocess.run(
            [COMMAND, "catalog", "import", str(path), "--tenant", TENANT, "--data-dir", folder, "--json"],
            env=os.environ | {"RS_DOWNLOADER_DATABASE_URL": url},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return more / (time.monotonic() - started)


def _count_on(url: str) -> None:
    """Behind the numbers that were given by hand."""
    engine = create_engine_for(url)
    with engine.connect() as connection:
        connection.execute(text("SELECT setval('product_id_seq', (SELECT max(id) FROM product))"))
    engine.dispose()
