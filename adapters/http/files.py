"""Registering, listing and checking files; the bytes themselves leave through ``downloads``."""

from typing import Annotated, Any

import attrs
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.answering import AnswerResponse
from adapters.http.documentation import operation
from adapters.http.errors import problem
from adapters.http.file_payloads import (
    FILE_EXAMPLE,
    CopyVerification,
    FileBatch,
    FileListing,
    RegisteredFile,
    RegisteredFiles,
)
from adapters.http.problems import REFUSED_FILES
from application.use_cases.list_files import ListFiles, ListFilesRequest
from application.use_cases.read_file import ReadFile, ReadFileRequest
from application.use_cases.register_files import FilesRefused, RegisterFiles, RegisterFilesRequest
from application.use_cases.remove_file_location import RemoveFileLocation, RemoveFileLocationRequest
from application.use_cases.verify_copy import VerifyCopy, VerifyCopyRequest
from domain.access import Caller, Role


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="files", **more)


CallerDependency = NamedDependency[SkipValidation[Caller]]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Entries on one page.")]


@post(
    "/files",
    **_operation(
        "registerFiles",
        "Register files that are already on a storage",
        answer=RegisteredFiles,
        example={"registered": 1},
        status=201,
        problems=(409, 422),
    ),
)
async def register_batch(
    data: JSONBody[FileBatch],
    caller: CallerDependency,
    register_files: NamedDependency[SkipValidation[RegisterFiles]],
) -> Response[Any]:
    """All or nothing: a refused file refuses the batch, and `refused` lists each with its index and the reason.

    Each copy must lie where its storage may read, exist, and have the stated size. Registering the same thing again
    changes nothing; 409 when a checksum stands for another size or algorithm already.
    """
    batch = tuple(file.new_file() for file in data.files)
    result = await register_files.execute(RegisterFilesRequest(tenant=caller.tenant, files=batch))
    if not isinstance(result, FilesRefused):
        return Response(RegisteredFiles(registered=result.count, warnings=list(result.warnings) or None))
    kind = attrs.evolve(REFUSED_FILES, status=409) if result.is_conflict else REFUSED_FILES
    messages = [f"files[{item.index}]: {item.reason}" for item in result.refused]
    detail = f"{len(result.refused)} of {len(batch)} files were refused, so nothing was registered."
    refused = [attrs.asdict(item) for item in result.refused]
    return AnswerResponse(problem(kind, detail, messages=messages, extra={"refused": refused}))


@get(
    "/files",
    **_operation("listFiles", "List registered files", answer=FileListing, example={"files": [FILE_EXAMPLE]}),
)
async def list_registered_files(
    caller: CallerDependency,
    list_files: NamedDependency[SkipValidation[ListFiles]],
    storage: Annotated[str | None, QueryParameter(description="Only files with a copy on this storage.")] = None,
    after: Annotated[str | None, QueryParameter(description="`nextAfter` of the page before.")] = None,
    limit: Limit = 100,
) -> FileListing:
    """In checksum order."""
    page = await list_files.execute(ListFilesRequest(tenant=caller.tenant, storage=storage, after=after, limit=limit))
    return FileListing.of(page)


@get(
    "/files/{checksum:str}",
    **_operation("readFile", "Read a file's record", answer=RegisteredFile, example=FILE_EXAMPLE, problems=(404,)),
)
async def read_registered_file(
    checksum: FromPath[str], caller: CallerDependency, read_file: NamedDependency[SkipValidation[ReadFile]]
) -> RegisteredFile:
    """What is known of the file, and all its copies."""
    return RegisteredFile.of(await read_file.execute(ReadFileRequest(tenant=caller.tenant, checksum=checksum)))


@delete(
    "/files/{checksum:str}/locations/{storage:str}",
    **_operation("removeFileLocation", "Forget a copy of a file", status=204, problems=(404,)),
)
async def remove_copy(
    checksum: FromPath[str],
    storage: FromPath[str],
    caller: CallerDependency,
    remove_file_location: NamedDependency[SkipValidation[RemoveFileLocation]],
) -> None:
    """The file goes with its last copy. No bytes are deleted."""
    await remove_file_location.execute(
        RemoveFileLocationRequest(tenant=caller.tenant, checksum=checksum, storage=storage)
    )


@post(
    "/files/{checksum:str}/locations/{storage:str}/verify",
    **_operation(
        "verifyCopy",
        "Read a copy in full and compare its checksum",
        answer=CopyVerification,
        example={"checksum": "9e107d9d372bb6826bd81d3542a419d6", "storage": "disk-1", "correct": True},
        problems=(404, 422),
    ),
)
async def verify(
    checksum: FromPath[str],
    storage: FromPath[str],
    caller: CallerDependency,
    verify_copy: NamedDependency[SkipValidation[VerifyCopy]],
) -> CopyVerification:
    """Right bytes clear a suspicion; wrong, changed or missing ones mark the copy, so that others are used."""
    request = VerifyCopyRequest(tenant=caller.tenant, checksum=checksum, storage=storage)
    result = await verify_copy.execute(request)
    return CopyVerification(checksum=checksum, storage=storage, correct=result.is_right, reason=result.reason)


route_handlers = (register_batch, list_registered_files, read_registered_file, remove_copy, verify)
