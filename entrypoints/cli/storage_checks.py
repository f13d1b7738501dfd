"""``rs-downloader storages plugins|test|rotate-secrets``: what storages can be made of, and whether they work."""

import rich_click as click

from application.errors import (
    CopyChanged,
    CopyMisread,
    CopyMissing,
    CopyNotRestored,
    LocationRefused,
    PluginUnusable,
    SecretUnreadable,
    StorageUnavailable,
)
from application.ports.storage import PluginDescription, PluginParameter
from application.use_cases.list_plugins import ListPlugins
from application.use_cases.list_tenants import ListTenants
from application.use_cases.rotate_secrets import RotatedSecrets, RotateSecrets
from application.use_cases.try_storage import Attempt, TryStorage, TryStorageRequest
from entrypoints.cli.commands import data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table, size
from entrypoints.cli.session import Session, run, run_with_container
from entrypoints.containers import CLIContainer

ADVICE = {
    PluginUnusable.code: "See 'rs-downloader storages plugins', and correct it with 'rs-downloader storages set'.",
    SecretUnreadable.code: "Put the lost key back, or give the secret anew with 'rs-downloader storages set'.",
    StorageUnavailable.code: "Check address, credentials, and that it is up and can be reached from this machine.",
    CopyMissing.code: "Put the file back, or take the copy off the record with 'rs-downloader files remove'.",
    CopyChanged.code: "Put the right bytes back; if these are right, run 'rs-downloader files verify'.",
    CopyMisread.code: "The plugin contradicts itself; tell its maker, and run its contract tests.",
    CopyNotRestored.code: "It sleeps on its nearline storage, as it should; a restoration makes it readable.",
    LocationRefused.code: "Correct the root of the storage, or register the file with a URL inside it.",
}
"""What to do about each kind of trouble."""


@click.command()
@click.argument("name")
@click.option("--sample", default=5, show_default=True, type=click.IntRange(0, 1000), help="Registered copies to read.")
@json_option
@tenant_option
@data_dir_option
@click.pass_context
def test(
    context: click.Context, *, name: str, sample: int, as_json: bool, tenant: str | None, data_dir: str | None
) -> None:
    """Try the storage NAME: reach it, list it if it can be, and read the beginnings of some registered copies.

    Says what to do about everything that fails; then the exit code is 1. Nothing is recorded or restored.
    """

    async def work(session: Session) -> tuple[Attempt, ...]:
        try_storage: TryStorage = session.use_cases.try_storage()
        return await try_storage.execute(TryStorageRequest(tenant=session.tenant, name=name, sample=sample))

    attempts = run(data_dir, tenant, work)
    if as_json:
        print_json([{"attempt": attempt, "advice": _advice(attempt)} for attempt in attempts])
    else:
        rows = [[_verdict(a), a.what, f"{a.seconds * 1000:.1f} ms", _speed(a)] for a in attempts]
        print_table(["", "tried", "time", "speed"], rows, empty="Nothing was tried.")
        for attempt in attempts:
            if attempt.code is not None:
                click.echo(f"{attempt.what}: {attempt.trouble} {_advice(attempt)}")
        if not any(attempt.what.startswith("read ") for attempt in attempts):
            click.echo("No copy was read: none is registered on this storage, or it cannot be used.")
    context.exit(1 if any(attempt.is_failure for attempt in attempts) else 0)


@click.command()
@json_option
@data_dir_option
def plugins(*, as_json: bool, data_dir: str | None) -> None:
    """List the storage plugins with their parameters; those that cannot be used say why."""

    async def work(container: CLIContainer) -> tuple[PluginDescription, ...]:
        list_plugins: ListPlugins = container.use_cases.list_plugins()
        return await list_plugins.execute()

    found = run_with_container(data_dir, work)
    if as_json:
        print_json(found)
        return
    print_table(
        ["plugin", "type", "version", "description", "trouble"],
        [[p.plugin_id, p.storage_type and p.storage_type.value, p.version, p.description, p.error] for p in found],
        empty="There are no plugins.",
    )
    click.echo()
    print_table(
        ["plugin", "parameter", "type", "unit", "default", "description"],
        [[p.plugin_id, q.name, q.type, q.unit, _default(q), q.description] for p in found for q in p.parameters],
        empty="They have no parameters.",
    )


@click.command("rotate-secrets")
@data_dir_option
@click.pass_context
def rotate_secrets(context: click.Context, *, data_dir: str | None) -> None:
    """Seal the secrets of all storages of all tenants with the newest key.

    Put the new key before the old one (RS_DOWNLOADER_SECRET_KEYS, or a line in the file secrets.key of the data
    folder), restart every process, run this, and take the old key away. Exit code 1: a secret could not be read.
    """

    async def work(container: CLIContainer) -> dict[str, RotatedSecrets]:
        list_tenants: ListTenants = container.use_cases.list_tenants()
        rotate: RotateSecrets = container.use_cases.rotate_secrets()
        return {tenant: await rotate.execute(tenant) for tenant in await list_tenants.execute()}

    found = run_with_container(data_dir, work)
    for tenant, rotated in found.items():
        for reason in rotated.unreadable:
            click.echo(f"{tenant}: {reason}", err=True)
    count = sum(len(rotated.sealed) for rotated in found.values())
    click.echo(f"{count} {'storage' if count == 1 else 'storages'} sealed anew.")
    context.exit(1 if any(rotated.unreadable for rotated in found.values()) else 0)


def _default(parameter: PluginParameter) -> object:
    return "(required)" if parameter.required else parameter.default


def _verdict(attempt: Attempt) -> str:
    if attempt.is_failure:
        return "FAILED"
    return "ok" if attempt.code is None else "sleeps"


def _speed(attempt: Attempt) -> str | None:
    return f"{size(int(attempt.read_bytes / attempt.seconds))}/s" if attempt.read_bytes and attempt.seconds else None


def _advice(attempt: Attempt) -> str:
    return ADVICE.get(attempt.code, "") if attempt.code is not None else ""
