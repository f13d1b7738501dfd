"""``rs-downloader consume``, ``work`` and ``jobs``: the processes beside the server, and how their jobs are."""

import asyncio
import sys

import rich_click as click

from application.use_cases.list_jobs import JobView, ListJobs
from domain.profile import Profile
from entrypoints.cli.commands import data_dir_option, json_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import load_settings, management_socket, prepare_schema, run_with_container
from entrypoints.containers import CLIContainer
from entrypoints.settings import Settings
from entrypoints.settings.reading import SettingsInvalid
from entrypoints.settings.variables import PREFIX


@click.command()
@data_dir_option
def consume(*, data_dir: str | None) -> None:
    """Do what messages of other services say, until stopped with Ctrl-C or SIGTERM.

    Any number of consumers may run. A broker that is away is waited for.
    """
    settings = load_settings(data_dir=data_dir)
    _require_storage(settings)
    if not settings.broker_url:
        raise SettingsInvalid(f"Say which broker to consume from, with {PREFIX}AMQP_URL.")
    prepare_schema(settings)
    # Loaded here since it takes a while, and no other command needs it.
    from entrypoints import consumer  # noqa: PLC0415 - see above

    asyncio.run(consumer.consume(settings, management_socket(settings)))


@click.command()
@click.option("--once", is_flag=True, help="Do every job once and end; exit code 1 when one could not be done.")
@data_dir_option
def work(*, once: bool, data_dir: str | None) -> None:
    """Do periodic work until stopped with Ctrl-C or SIGTERM: upkeep and, with a broker, telling others.

    Any number of workers may run; each job is done by one of them at a time.
    """
    # Loaded here since it takes a while, and no other command needs it.
    from entrypoints import worker  # noqa: PLC0415 - see above

    settings = load_settings(data_dir=data_dir)
    _require_storage(settings)
    prepare_schema(settings)
    if not once:
        asyncio.run(worker.work(settings, management_socket(settings)))
        return
    failed = asyncio.run(worker.work_once(settings))
    for name, reason in failed.items():
        click.echo(f"Error: {name}: {reason}", err=True)
    if failed:
        sys.exit(1)
    click.echo("Every job was done.")


@click.command()
@json_option
@data_dir_option
def jobs(*, as_json: bool, data_dir: str | None) -> None:
    """Show the periodic jobs of all workers: when each ran last, how late it is, and what waits for it."""

    async def read(container: CLIContainer) -> tuple[JobView, ...]:
        list_jobs: ListJobs = container.use_cases.list_jobs()
        return await list_jobs.execute()

    found = run_with_container(data_dir, read)
    if as_json:
        print_json(found)
        return
    print_table(
        ["job", "every s", "last run", "last success", "lag s", "waiting", "last error"],
        [
            [
                job.name,
                f"{job.interval_seconds:g}",
                job.last_run_at,
                job.last_success_at,
                f"{job.lag_seconds:.0f}",
                job.waiting,
                job.last_error,
            ]
            for job in found
        ],
        empty="No worker has run yet.",
    )


def _require_storage(settings: Settings) -> None:
    if Profile.STORAGE not in settings.active_profiles:
        raise SettingsInvalid(f"This is work of the profile {Profile.STORAGE}, which {PREFIX}PROFILES leaves out.")
