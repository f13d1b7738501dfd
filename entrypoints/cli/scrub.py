"""``rs-downloader storages scrub-report``: how far the copies are verified."""

import rich_click as click

from application.use_cases.read_scrub_report import ReadScrubReport
from domain.scrub import ScrubState
from entrypoints.cli.commands import data_dir_option, json_option, tenant_option
from entrypoints.cli.output import print_json, print_table
from entrypoints.cli.session import Session, run


@click.command("scrub-report")
@json_option
@tenant_option
@data_dir_option
def scrub_report(*, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show how far the copies on each storage are verified.

    Workers read copies again when RS_DOWNLOADER_SCRUB_BYTES_PER_SECOND is set; "files verify" reads those of one file.
    """

    async def work(session: Session) -> tuple[ScrubState, ...]:
        read: ReadScrubReport = session.use_cases.read_scrub_report()
        return await read.execute(session.tenant)

    states = run(data_dir, tenant, work)
    if as_json:
        print_json(states)
        return
    print_table(
        ["storage", "copies", "never verified", "oldest verification", "suspect", "cannot be verified"],
        [[s.storage, s.copies, s.never_verified, s.oldest_verified_at, s.suspects, s.unverifiable] for s in states],
        empty="There are no copies.",
    )
