"""``rs-downloader instances``: the servers that share the database."""

import rich_click as click

from application.ports.instances import Instance
from application.use_cases.keep_instance import ListInstances
from entrypoints.cli.commands import data_dir_option, json_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import run_with_container
from entrypoints.containers import CLIContainer


@click.command()
@json_option
@data_dir_option
def instances(*, as_json: bool, data_dir: str | None) -> None:
    """List the servers that share the database. One that died is forgotten after two leases."""

    async def work(container: CLIContainer) -> tuple[Instance, ...]:
        list_instances: ListInstances = container.use_cases.list_instances()
        return await list_instances.execute()

    found = run_with_container(data_dir, work)
    if as_json:
        print_json(found)
        return
    print_table(
        ["instance", "host", "version", "state", "started", "last seen"],
        [[i.id, i.host, i.version, i.state.value, i.started_at, i.last_seen_at] for i in found],
        empty="No server runs.",
    )
