"""``rs-downloader issuers``: whose tokens a tenant takes."""

import rich_click as click

from application.use_cases.manage_issuers import ListIssuers, RemoveIssuer, SaveIssuer
from domain.access import Role
from domain.external_identity import GRANTABLE, IdentityIssuer
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_rows
from entrypoints.cli.session import Session, run

_ROLES = [role.name for role in GRANTABLE]


@click.group(cls=Group)
def issuers() -> None:
    """OpenID Connect providers whose tokens are taken as bearer tokens."""


@issuers.command()
@click.argument("name")
@click.option("--issuer", required=True, help="The exact claim 'iss'.")
@click.option("--audience", required=True, help="What must be among the claim 'aud'.")
@click.option("--keys-url", required=True, help="Where the key set (JWKS) is; https.")
@click.option("--email-claim", default="email", show_default=True)
@click.option("--groups-claim", default="groups", show_default=True, help="Claim with access groups; '' for none.")
@click.option("--role-claim", default="", help="Claim with roles, a path of names with dots.")
@click.option("--map-role", "mapped", multiple=True, metavar="VALUE=ROLE", help="Repeat for each value.")
@click.option("--default-role", type=click.Choice(_ROLES), default="REGISTERED_USER", show_default=True)
@tenant_option
@data_dir_option
def add(
    *,
    name: str,
    issuer: str,
    audience: str,
    keys_url: str,
    email_claim: str,
    groups_claim: str,
    role_claim: str,
    mapped: tuple[str, ...],
    default_role: str,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """Trust the issuer NAME, or change what its claims mean."""
    roles: dict[str, Role] = {}
    for pair in mapped:
        value, _, role = pair.rpartition("=")
        if not value or role not in _ROLES:
            raise click.BadParameter(f"{pair!r} is not VALUE=ROLE with one of {', '.join(_ROLES)}.")
        roles[value] = Role[role]

    async def work(session: Session) -> None:
        save_issuer: SaveIssuer = session.container.use_cases.save_issuer()
        await save_issuer.execute(
            IdentityIssuer(
                tenant=session.tenant,
                name=name,
                issuer=issuer,
                audience=audience,
                keys_url=keys_url,
                email_claim=email_claim,
                groups_claim=groups_claim,
                role_claim=role_claim,
                roles=roles,
                default_role=Role[default_role],
            )
        )

    run(data_dir, tenant, work)
    click.echo(f"Tokens of {issuer} for {audience} are taken.")


@issuers.command()
@click.argument("name")
@tenant_option
@data_dir_option
def remove(*, name: str, tenant: str | None, data_dir: str | None) -> None:
    """Trust the issuer NAME no more."""

    async def work(session: Session) -> None:
        remove_issuer: RemoveIssuer = session.container.use_cases.remove_issuer()
        await remove_issuer.execute(session.tenant, name)

    run(data_dir, tenant, work)
    click.echo(f"Issuer {name} is removed; every instance has heard of it after half a minute.")


@issuers.command("list")
@json_option
@tenant_option
@data_dir_option
def list_(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List issuers."""

    async def work(session: Session) -> tuple[IdentityIssuer, ...]:
        list_issuers: ListIssuers = session.container.use_cases.list_issuers()
        return await list_issuers.execute(session.tenant)

    found = run(data_dir, tenant, work)
    rows = [[issuer.name, issuer.issuer, issuer.audience, issuer.keys_url] for issuer in found]
    names, headings = ("name", "issuer", "audience", "keysUrl"), ["issuer", "iss", "aud", "keys"]
    print_rows(names, rows, as_json=as_json, empty="No other issuer is trusted.", headings=headings)
