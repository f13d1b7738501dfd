"""The command line ``rs-downloader``: everything an operator does, without the HTTP API."""

import gc
from importlib.metadata import version

import rich_click as click

from entrypoints.cli.cache import cache
from entrypoints.cli.catalog import catalog
from entrypoints.cli.commands import AUTO_ENVVAR_PREFIX, PROGRAM, Group
from entrypoints.cli.copying import copy
from entrypoints.cli.demo import demo
from entrypoints.cli.files import files
from entrypoints.cli.get import get
from entrypoints.cli.instances import instances
from entrypoints.cli.issuers import issuers
from entrypoints.cli.messages import consume, jobs, work
from entrypoints.cli.quota import quota
from entrypoints.cli.restorations import restore
from entrypoints.cli.serve import migrate, serve
from entrypoints.cli.storage_checks import plugins, rotate_secrets, test
from entrypoints.cli.storages import storages
from entrypoints.cli.sweep import sweep
from entrypoints.cli.tenant_settings import settings
from entrypoints.cli.tenants import tenants
from entrypoints.cli.tickets import tickets
from entrypoints.cli.tokens import token
from entrypoints.cli.transfers import transfers
from entrypoints.cli.users import users
from entrypoints.cli.variables import show_variables


@click.group(
    cls=Group, context_settings={"auto_envvar_prefix": AUTO_ENVVAR_PREFIX, "help_option_names": ["-h", "--help"]}
)
@click.version_option(version("rs-downloader"), prog_name=PROGRAM)
def main() -> None:
    r"""The gate through which an archive's files leave: exact quotas, tickets, resumable and verifiable downloads.

    \b
    Start here:   rs-downloader demo && rs-downloader serve
    Your files:   rs-downloader tenants add mine
                  rs-downloader storages add disk1 --path /data/products
                  rs-downloader files add /data/products --storage disk1 --type RAWDATA

    Every option can also be given as the environment variable that its help shows. Exit codes: 0 done, 1 refused or
    failed (with the reason), 2 wrong usage.
    """


for command in (
    serve,
    migrate,
    copy,
    demo,
    token,
    users,
    issuers,
    tenants,
    storages,
    files,
    catalog,
    get,
    quota,
    tickets,
    restore,
    cache,
    transfers,
    settings,
    instances,
    sweep,
    consume,
    work,
    jobs,
):
    main.add_command(command)

for command in (plugins, test, rotate_secrets):
    storages.add_command(command)

show_variables(main)

# What is loaded by now stays: the garbage collector need not look at it again and again, and least of all at the end,
# where that took a command a quarter of a second.
gc.freeze()
