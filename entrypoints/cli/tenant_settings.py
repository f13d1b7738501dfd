"""``rs-downloader settings``: what administrators may change at run time."""

import rich_click as click

from application.use_cases.change_setting import ChangeSetting, ChangeSettingRequest
from application.use_cases.read_settings import ReadSettings, ReadSettingsRequest, SettingView
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import Session, run


@click.group(cls=Group)
def settings() -> None:
    """Settings of a tenant: default limits, ticket lifetime, resume window. Changes count from the next request on."""


@settings.command()
@json_option
@tenant_option
@data_dir_option
def show(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show every setting with its value and its default."""

    async def work(session: Session) -> tuple[SettingView, ...]:
        read_settings: ReadSettings = session.use_cases.read_settings()
        return await read_settings.execute(ReadSettingsRequest(tenant=session.tenant))

    found = run(data_dir, tenant, work)
    if as_json:
        print_json(found)
        return
    print_table(
        ["setting", "value", "default", "meaning"],
        [[s.name, s.value, s.default, s.description] for s in found],
        empty="",
    )


@settings.command("set")
@click.argument("name")
@click.argument("value", type=int)
@tenant_option
@data_dir_option
def set_(*, name: str, value: int, tenant: str | None, data_dir: str | None) -> None:
    """Give the setting NAME the VALUE (write -- before a negative one: settings set -- maxQuota -1)."""
    _change(data_dir, tenant, name, value)


@settings.command()
@click.argument("name")
@tenant_option
@data_dir_option
def reset(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Give the setting NAME its default again."""
    _change(data_dir, tenant, name, None)


def _change(data_dir: str | None, tenant: str | None, name: str, value: int | None) -> None:
    async def work(session: Session) -> SettingView:
        change_setting: ChangeSetting = session.use_cases.change_setting()
        return await change_setting.execute(ChangeSettingRequest(tenant=session.tenant, name=name, value=value))

    view = run(data_dir, tenant, work)
    click.echo(f"{view.name} is {view.value}.")
