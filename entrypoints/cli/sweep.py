"""``rs-downloader sweep``: upkeep that servers do by themselves, for when none runs."""

import rich_click as click

from application.use_cases.sweep import Sweep, SweepResult
from entrypoints.cli.commands import data_dir_option, json_option
from entrypoints.cli.output import print_json
from entrypoints.cli.session import run_with_container
from entrypoints.containers import CLIContainer


@click.command()
@json_option
@data_dir_option
def sweep(*, as_json: bool, data_dir: str | None) -> None:
    """Settle transfers of crashed servers and delete what is past use, in all tenants.

    Servers do it by themselves every few seconds.
    """

    async def work(container: CLIContainer) -> SweepResult:
        sweep: Sweep = container.use_cases.sweep()
        return await sweep.execute()

    result = run_with_container(data_dir, work)
    if as_json:
        print_json(result)
        return
    click.echo(
        f"{result.settled_transfers} transfers settled, {result.ended_reservations} reservations ended; deleted: "
        f"{result.purged_downloads} downloads, {result.purged_tickets} tickets, {result.purged_events} events, "
        f"{result.purged_messages} message ids, {result.purged_statements} notes of what was said."
    )
