"""The upkeep that every kind of process does, one instance at a time."""

from datetime import timedelta
from typing import Any

from application.use_cases.run_job import Job
from entrypoints.settings import Settings


def upkeep_of(container: Any) -> tuple[Job, ...]:
    """What keeps the shared state in order, whoever does it."""
    settings: Settings = container.settings()
    use_cases = container.use_cases
    return tuple(
        Job(name=name, interval=timedelta(seconds=settings.sweep_seconds), work=work)
        for name, work in (
            ("sweep", use_cases.sweep().execute),
            ("forget instances", use_cases.forget_instances().execute),
            ("finish removals", use_cases.finish_removals().execute),
        )
    )
