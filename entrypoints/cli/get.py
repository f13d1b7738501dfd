"""``rs-downloader get``: the files of an archive, complete and with the right checksum."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import rich_click as click

from domain.errors import InvalidValue
from entrypoints.cli.commands import json_option
from entrypoints.cli.output import print_json
from entrypoints.client.fetch import Policy
from entrypoints.client.folder import NameTaken
from entrypoints.client.listing import ListingIncomplete
from entrypoints.client.run import ExitCode, GetRequest, Report, Run
from entrypoints.client.service import Credentials, LogInRefused, ServiceRefused

REFUSED = frozenset({401, 403, 423})
INTERRUPTED = 130
"""As shells have it for what ended by Ctrl-C: 128 and the number of the signal."""


@click.command()
@click.argument("arguments", metavar="[URN|URL]...", nargs=-1)
@click.option("--query", metavar="LUCENE", help="All products that this search finds.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only files of this data type; repeat for more.")
@click.option("--service", metavar="URL", help="The service. [default: where the first URL leads]")
@click.option("--tenant", help="Tenant to log in to, or to be the public of.")
@click.option("--token", help="A session token. Better given by the variable: other users see command lines.")
@click.option("--user", help="Log in with this name, again whenever the session ends; the password is asked for.")
@click.option("--password", help="The password of --user. Better given by the variable.")
@click.option("--client", metavar="NAME:SECRET", help="What the service wants of programs that log somebody in.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder to save in, made if there is none. [default: where you are]",
)
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True, help="Transfers at a time.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=3600.0,
    show_default=True,
    help="Seconds to wait for one file in all, while it is restored or the service asks for patience.",
)
@click.option("--retries", type=click.IntRange(1, 100), default=6, show_default=True, help="Tries without a new byte.")
@click.option("--yes-license", is_flag=True, help="Accept the licences that stand in the way. Read them before.")
@click.option("--no-restore", is_flag=True, help="Report nearline files instead of having them restored.")
@click.option("--force", is_flag=True, help="Replace files that have the same name and are different.")
@click.option("--quiet", is_flag=True, help="Only the summary.")
@json_option
@click.pass_context
def get(
    context: click.Context,
    *,
    arguments: tuple[str, ...],
    query: str | None,
    types: tuple[str, ...],
    service: str | None,
    tenant: str | None,
    token: str | None,
    user: str | None,
    password: str | None,
    client: str | None,
    output: Path,
    parallel: int,
    timeout: float,
    retries: int,
    yes_license: bool,
    no_restore: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    r"""Download products and files from a service: a URN stands for all files of a product or a dataset.

    \b
    rs-downloader get URN:AIP:DATA:... --service https://archive.example.org --user alice@example.org
    rs-downloader get --query 'properties.cloud:[0 TO 10]' --type RAWDATA -o scenes
    rs-downloader get 'https://archive.example.org/files/9e10.../download/token?t=...&scope=demo'

    Interrupted, it goes on where it was when it is started again. A file gets its name only when its checksum is
    right. Nearline files are restored and waited for. Exit codes: 0 all files are there, 1 some are not, 2 wrong
    usage, 3 nothing was allowed: a licence, a right or the log-in is missing, 130 interrupted. docs/client.md has more.
    """
    if not arguments and query is None:
        raise click.UsageError("Name URNs or URLs, or search with --query.")
    if token is not None and user is not None:
        raise click.UsageError("--token and --user are two answers to one question.")
    root = service or _origin(arguments)
    if urlsplit(root).scheme not in {"http", "https"} or not urlsplit(root).hostname:
        raise click.UsageError("--service is the address of the service, such as https://archive.example.org.")
    if user is not None and password is None:
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    request = GetRequest(
        service=root,
        tenant=tenant,
        credentials=Credentials(token=token, user=user, password=password, client=client),
        arguments=arguments,
        query=query,
        types=frozenset(types),
        folder=output,
        replaces=force,
        parallel=parallel,
        policy=Policy(tries=retries, seconds=timeout, accepts_licence=yes_license, restores=not no_restore),
        is_quiet=quiet,
    )
    try:
        report = asyncio.run(Run(request).execute())
    except InvalidValue as error:
        raise click.UsageError(str(error)) from error
    except (ServiceRefused, ListingIncomplete, NameTaken, httpx.HTTPError, httpx.InvalidURL) as error:
        told = f" ({root})" if isinstance(error, httpx.TransportError) else ""
        click.echo(f"Error: {str(error) or type(error).__name__}{told}", err=True)
        is_refused = isinstance(error, LogInRefused) or (isinstance(error, ServiceRefused) and error.status in REFUSED)
        context.exit(ExitCode.NOTHING_ALLOWED if is_refused else ExitCode.SOME_FAILED)
    except KeyboardInterrupt:
        click.echo("Interrupted. What has come is kept: the same command goes on with it.", err=True)
        context.exit(INTERRUPTED)
    _tell(report, as_json=as_json)
    context.exit(report.exit_code)


def _tell(report: Report, *, as_json: bool) -> None:
    there = len(report.files) - len(report.failed)
    if as_json:
        print_json({"files": report.files, "there": there, "failed": len(report.failed), "withheld": report.withheld})
        return
    for urn in report.withheld:
        click.echo(f"You have no right to the data of {urn}; it was left out.", err=True)
    if not report.files:
        click.echo("Nothing that was found has a file for you.", err=True)
    click.echo(f"{there} files are there, {len(report.failed)} are not.")
    for outcome in report.failed:
        click.echo(f"  {outcome.file}: {outcome.reason}")


def _origin(arguments: tuple[str, ...]) -> str:
    """Where the first URL leads."""
    for argument in arguments:
        if argument.startswith(("http://", "https://")):
            found = urlsplit(argument)
            return f"{found.scheme}://{found.netloc}"
    raise click.UsageError("Say which service with --service.")
