"""``rs-downloader files``: registered files and their copies."""

from typing import Any

import rich_click as click

from application.ports.files import FilePage, FoundFile
from application.use_cases.list_files import ListFiles, ListFilesRequest
from application.use_cases.read_file import ReadFile, ReadFileRequest
from application.use_cases.remove_file_location import RemoveFileLocation, RemoveFileLocationRequest
from application.use_cases.verify_copy import VerifyCopy, VerifyCopyRequest
from entrypoints.cli.adding_files import add
from entrypoints.cli.commands import Group, data_dir_option, json_option, tenant_option
from entrypoints.cli.output import plain, print_json, print_table, size
from entrypoints.cli.session import Session, run

PAGE = 1000


@click.group(cls=Group)
def files() -> None:
    """Files: what can be downloaded, known by its checksum."""


files.add_command(add)


@files.command("list")
@click.option("--storage", help="Only files with a copy on this storage.")
@json_option
@tenant_option
@data_dir_option
def list_(*, storage: str | None, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """List registered files with their copies, by checksum."""

    async def work(session: Session) -> list[FoundFile]:
        list_files: ListFiles = session.use_cases.list_files()
        found: list[FoundFile] = []
        after: str | None = None
        while True:
            page: FilePage = await list_files.execute(
                ListFilesRequest(tenant=session.tenant, storage=storage, after=after, limit=PAGE)
            )
            found += page.files
            after = page.next_after
            if after is None:
                return found

    found = run(data_dir, tenant, work)
    if as_json:
        print_json([_view(item) for item in found])
        return
    print_table(
        ["name", "size", "type", "checksum", "storages"],
        [
            [
                item.file.file_name,
                size(item.file.size_bytes),
                item.file.data_type.value,
                item.file.checksum,
                ", ".join(copy.location.storage for copy in item.copies),
            ]
            for item in found
        ],
        empty="There are no files.",
    )


@files.command()
@click.argument("checksum")
@json_option
@tenant_option
@data_dir_option
def show(*, checksum: str, as_json: bool, tenant: str | None, data_dir: str | None) -> None:
    """Show what is recorded of the file CHECKSUM."""

    async def work(session: Session) -> FoundFile:
        read_file: ReadFile = session.use_cases.read_file()
        return await read_file.execute(ReadFileRequest(tenant=session.tenant, checksum=checksum))

    view = _view(run(data_dir, tenant, work))
    if as_json:
        print_json(view)
        return
    copies = view.pop("copies")
    print_table(["what", "value"], view.items(), empty="")
    click.echo()
    print_table(
        ["storage", "url", "suspect since", "because"],
        [[c["storage"], c["url"], c["suspectSince"], c["suspectReason"]] for c in copies],
        empty="",
    )


@files.command()
@click.argument("checksum")
@click.option("--storage", required=True, help="Storage that the copy is on.")
@tenant_option
@data_dir_option
def remove(*, checksum: str, storage: str, tenant: str | None, data_dir: str | None) -> None:
    """Forget the copy of the file CHECKSUM on one storage, and the file with its last copy. No bytes are deleted."""

    async def work(session: Session) -> None:
        remove_location: RemoveFileLocation = session.use_cases.remove_file_location()
        await remove_location.execute(
            RemoveFileLocationRequest(tenant=session.tenant, checksum=checksum, storage=storage)
        )

    run(data_dir, tenant, work)
    click.echo(f"The copy on {storage} is forgotten.")


@files.command()
@click.argument("checksum")
@click.option("--storage", help="Only the copy on this storage. [default: every copy]")
@json_option
@tenant_option
@data_dir_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    checksum: str,
    storage: str | None,
    as_json: bool,
    tenant: str | None,
    data_dir: str | None,
) -> None:
    """Read copies of the file CHECKSUM in full and compare them with it.

    A wrong copy is not used for downloads any more; one that turns out right is used again. Exit code 1 when any is
    wrong.
    """

    async def work(session: Session) -> list[dict[str, Any]]:
        read_file: ReadFile = session.use_cases.read_file()
        verify_copy: VerifyCopy = session.use_cases.verify_copy()
        found = await read_file.execute(ReadFileRequest(tenant=session.tenant, checksum=checksum))
        results = []
        for name in [storage] if storage else [copy.location.storage for copy in found.copies]:
            request = VerifyCopyRequest(tenant=session.tenant, checksum=checksum, storage=name)
            results.append({"storage": name, **plain(await verify_copy.execute(request))})
        return results

    results = run(data_dir, tenant, work)
    if as_json:
        print_json(results)
    else:
        for result in results:
            click.echo(f"{result['storage']}: {'right' if result['isRight'] else result['reason']}")
    context.exit(0 if all(result["isRight"] for result in results) else 1)


def _view(found: FoundFile) -> dict[str, Any]:
    """A file as it may be shown: the storages' own parameters are left out, they may hold secrets."""
    return {**plain(found.file), "copies": [plain(copy.location) for copy in found.copies]}
