"""``python -m benchmarks [--quick] [NAME…]``: run the benchmarks and print their tables."""

import argparse
import importlib
import os
import platform
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks.installation import Installation
from benchmarks.reference import reference_server
from benchmarks.report import Line, table
from benchmarks.setting import BenchFile, Setting

BENCHMARKS = ("whole_file", "ranges", "small_files", "fairness", "slow_clients", "s3", "front_door")


def main() -> int:
    """Run what was asked for; 1 when a benchmark broke, or when a goal was missed and ``--strict`` was given."""
    options = _options()
    _allow_many_descriptors()
    lines: list[Line] = []
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="rs-downloader-bench-", dir=options.folder) as name:
        folder = Path(name)
        installation = Installation(folder)
        files = _files(installation, is_quick=options.quick)
        with reference_server(installation.files, folder) as reference:
            setting = Setting(installation=installation, reference=reference, is_quick=options.quick, **files)
            print(
                f"Reference: {reference.name}. {platform.machine()}, {os.cpu_count()} CPUs, "
                f"Linux {platform.release()}, Python {platform.python_version()}, loopback.",
                flush=True,
            )
            for benchmark in options.names or BENCHMARKS:
                started = time.monotonic()
                try:
                    found = importlib.import_module(f"benchmarks.{benchmark}").run(setting)
                except Exception:  # noqa: BLE001  # One that breaks must not hide what the others found.
                    traceback.print_exc()
                    broken.append(benchmark)
                    continue
                lines += found
                print(f"\n### {benchmark} ({time.monotonic() - started:.0f} s)\n\n{table(found)}", flush=True)
    missed = [line.what for line in lines if line.verdict == "MISSED"]
    met = [line for line in lines if line.verdict == "met"]
    print(f"\n{len(met)} goals met, {len(missed)} missed. Did not run: {', '.join(broken) or 'none'}.")
    return 1 if broken or (missed and options.strict) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="smaller files, fewer rounds and clients")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument("--folder", help="where the files of the run go (needs about 1.2 GB)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return options


def _files(installation: Installation, *, is_quick: bool) -> dict[str, BenchFile]:
    def added(name: str, size: int, *, counted: bool = True, verify: bool = False) -> BenchFile:
        return BenchFile(name, size, installation.add_file(name, size, counted=counted, verify=verify))

    return {
        "big": added("big", 1 << 28 if is_quick else 1 << 30),
        "stuck": added("stuck", 100 << 20),
        "verified": added("verified", 100 << 20, verify=True),
        "small": added("small", 1024),
        "uncounted": added("uncounted", 1024, counted=False),
    }


def _allow_many_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
