"""``rs-downloader token``: a session token for the embedded key."""

from datetime import timedelta

import rich_click as click

from application.ports.tokens import TokenIssuer
from domain.access import Caller, Role
from entrypoints.cli.commands import data_dir_option, tenant_option
from entrypoints.cli.session import Session, run

_ROLES = [role.name for role in Role if role is not Role.SYSTEM]


@click.command()
@click.option("--user", required=True, help="E-mail of the user; their quota is charged.")
@click.option(
    "--role",
    type=click.Choice(_ROLES),
    default=Role.REGISTERED_USER.name,
    show_default=True,
    help="What the bearer may do; the download route needs PROJECT_ADMIN.",
)
@click.option(
    "--lifetime", type=click.IntRange(min=1), help="Seconds that it is valid. [default: the token lifetime setting]"
)
@tenant_option
@data_dir_option
def token(*, user: str, role: str, lifetime: int | None, tenant: str | None, data_dir: str | None) -> None:
    r"""Print a session token (JWT), and nothing else, so that it fits into a shell variable.

    \b
    TOKEN=$(rs-downloader token --tenant demo --user alice@example.org --role PROJECT_ADMIN)
    curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:9053/quota
    """

    async def work(session: Session) -> str:
        issuer: TokenIssuer = session.container.adapters.tokens()
        seconds = lifetime or session.container.settings().token_lifetime_seconds
        return issuer.issue(Caller(session.tenant, user, Role[role]), timedelta(seconds=seconds))

    click.echo(run(data_dir, tenant, work))
