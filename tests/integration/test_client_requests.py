"""What ``rs-downloader get`` asks a service for: log-ins, pages of searches, products, licences, restorations."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from domain.errors import InvalidValue
from entrypoints.client.fetch import Policy
from entrypoints.client.listing import ListingIncomplete
from entrypoints.client.outcome import Failure
from entrypoints.client.run import ExitCode, GetRequest, Report, Run
from entrypoints.client.service import Credentials, ServiceRefused
from tests.catalogue_factories import a_dataset_urn, a_urn

ROOT = "http://archive.test"
ELSEWHERE = "http://elsewhere.test/reference.bin"


def content(number: int) -> bytes:
    return f"file {number}".encode() * 100


@attrs.define(eq=False)
class Archive:
    """A service with products 1 to ``products``, each with a RAWDATA and a QUICKLOOK_SD, three on a page."""

    products: int = 7
    sessions: int = 1000
    licence: str | None = None
    is_nearline: bool = False
    names: str = "same.tif"
    told_pages: int | None = None
    trouble: list[int | None] = attrs.field(factory=list)
    has_restore: bool = True
    logins: int = 0
    requests: list[httpx.Request] = attrs.field(factory=list)
    accepted: bool = False
    restored: bool = False

    def asked(self, prefix: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path.startswith(prefix)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if request.url.host == "elsewhere.test":
            return _streamed(200, content(0))
        if path == "/oauth/token":
            return self._log_in(json.loads(request.content))
        if not self._is_known(request):
            return _streamed(401, b'{"detail": "The session has ended."}')
        if path.startswith("/engines/legacy/"):
            if self.trouble:
                return _trouble(self.trouble.pop(0))
            return self._search(path, request.url.params)
        if path == "/license":
            self.accepted = True
            return httpx.Response(200, json={"accepted": True})
        if path in {"/restore", "/restorations"}:
            is_known = self.has_restore or path == "/restorations"
            self.restored |= is_known
            return httpx.Response(200 if is_known else 404)
        if path == "/files/availability/status":
            checksums = json.loads(request.content)["checksums"]
            return httpx.Response(200, json=[{"checksum": c, "available": self.restored} for c in checksums])
        return self._download(path)

    def _log_in(self, body: dict[str, Any]) -> httpx.Response:
        if body["password"] != "right":
            return httpx.Response(400, json={"detail": "There is no such user with this password."})
        self.logins += 1
        self.sessions = 4
        return httpx.Response(200, json={"access_token": f"session-{self.logins}"})

    def _is_known(self, request: httpx.Request) -> bool:
        if self.logins:
            self.sessions -= 1
            is_newest = request.headers.get("authorization") == f"Bearer session-{self.logins}"
            return is_newest and self.sessions >= 0
        return "authorization" in request.headers or request.headers.get("scope") == "p1"

    def _search(self, path: str, query: httpx.QueryParams) -> httpx.Response:
        if not path.endswith("/search"):
            number = int(path.rsplit("-", 1)[-1].split(":", maxsplit=1)[0], 16)
            return httpx.Response(200, json={"content": self._product(number), "links": []})
        page = int(query["page"])
        numbers = range(1 + 3 * page, min(self.products, 3 + 3 * page) + 1)
        pages = self.told_pages or -(-self.products // 3)
        metadata = {"size": 3, "number": page, "totalElements": self.products, "totalPages": pages}
        return httpx.Response(
            200, json={"metadata": metadata, "content": [{"content": self._product(n), "links": []} for n in numbers]}
        )

    def _product(self, number: int) -> dict[str, Any]:
        return {
            "id": str(a_urn(number)),
            "files": {
                "RAWDATA": [self._file(number, "RAWDATA")],
                "QUICKLOOK_SD": [
                    {"dataType": "QUICKLOOK_SD", "reference": True, "uri": ELSEWHERE, "filename": "reference.bin"}
                ],
            },
        }

    def _file(self, number: int, kind: str) -> dict[str, Any]:
        return {
            "dataType": kind,
            "reference": False,
            "online": not self.is_nearline,
            "uri": "http://inside.invalid/x",
            "checksum": hashlib.md5(content(number)).hexdigest().upper(),
            "digestAlgorithm": "MD5",
            "filename": self.names,
            "filesize": len(content(number)),
        }

    def _download(self, path: str) -> httpx.Response:
        if self.licence is not None and not self.accepted:
            return _streamed(423, json.dumps({"license": self.licence, "accept": "x"}).encode())
        if self.is_nearline and not self.restored:
            return _streamed(410, b"")
        number = int(path.split("/")[2].rsplit(":", 1)[0][-12:], 16)
        return _streamed(200, content(number))


def _trouble(status: int | None) -> httpx.Response:
    if status is None:
        raise httpx.ConnectError("cut")
    return httpx.Response(status, headers={"retry-after": "5"})


def _streamed(status: int, body: bytes) -> httpx.Response:
    return httpx.Response(
        status, stream=httpx.ByteStream(body), headers={"content-length": str(len(body)), "etag": '"1"'}
    )


def get(archive: Archive, folder: Path, *arguments: str, query: str | None = None, **options: Any) -> Report:
    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    credentials = options.pop("credentials", Credentials(token="t"))
    request = GetRequest(
        service=ROOT,
        tenant="p1",
        credentials=credentials,
        arguments=arguments,
        query=query,
        types=frozenset(options.pop("types", ["RAWDATA"])),
        folder=folder,
        replaces=False,
        parallel=2,
        policy=Policy(**options),
        is_quiet=True,
    )
    return asyncio.run(Run(request, pause=pause, transport=httpx.MockTransport(archive)).execute())


def saved(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.iterdir()}


def test_every_page_of_a_search_is_followed_and_files_of_one_name_are_all_kept(tmp_path):
    archive = Archive()

    report = get(archive, tmp_path, query="cloud:[0 TO 10]")

    searches = archive.asked("/engines/legacy/dataobjects/search")
    assert [request.url.params["page"] for request in searches] == ["0", "1", "2"]
    assert {request.url.params["q"] for request in searches} == {"cloud:[0 TO 10]"}
    assert (report.exit_code, saved(tmp_path)) == (ExitCode.ALL, {content(number) for number in range(1, 8)})
    assert {outcome.verified_by for outcome in report.files} == {"MD5"}


def test_a_total_that_is_too_low_hides_no_product(tmp_path):
    archive = Archive(products=6, told_pages=1)

    report = get(archive, tmp_path, query="x:1")

    assert (report.exit_code, len(saved(tmp_path))) == (ExitCode.ALL, 6)


def test_a_listing_goes_on_after_cut_lines_and_a_busy_service(tmp_path):
    archive = Archive(trouble=[503, None, 429, 503, None])

    report = get(archive, tmp_path, query="x:1")

    assert (report.exit_code, len(saved(tmp_path))) == (ExitCode.ALL, 7)
    assert archive.trouble == []


def test_a_listing_that_never_comes_is_given_up(tmp_path):
    with pytest.raises(httpx.ConnectError):
        get(Archive(trouble=[None] * 9), tmp_path / "cut", query="x:1", tries=3)
    with pytest.raises(ServiceRefused, match="503"):
        get(Archive(trouble=[503] * 999), tmp_path / "busy", query="x:1", seconds=60.0)


def test_a_second_run_asks_for_no_file_again(tmp_path):
    get(Archive(), tmp_path, query="x:1")
    archive = Archive()
    again = get(archive, tmp_path, query="x:1")

    assert (again.exit_code, archive.asked("/downloads")) == (ExitCode.ALL, [])
    assert all(outcome.was_there for outcome in again.files)


def test_a_product_is_found_by_its_urn_and_a_dataset_by_the_products_in_it(tmp_path):
    one, many = Archive(), Archive()

    get(one, tmp_path / "one", str(a_urn(5)))
    get(many, tmp_path / "many", str(a_dataset_urn()))

    assert saved(tmp_path / "one") == {content(5)}
    assert saved(tmp_path / "many") == {content(number) for number in range(1, 8)}
    assert all(request.url.path.endswith("/dataobjects/search") for request in many.asked("/engines"))


def test_a_reference_is_fetched_from_where_it_lies_and_sees_no_token(tmp_path):
    archive = Archive(products=1)

    report = get(archive, tmp_path, query="x:1", types=["QUICKLOOK_SD"])

    (request,) = [request for request in archive.requests if request.url.host == "elsewhere.test"]
    assert (report.exit_code, saved(tmp_path)) == (ExitCode.ALL, {content(0)})
    assert {"authorization", "scope"} & set(request.headers) == set()


def test_a_session_that_ends_is_opened_again(tmp_path):
    archive = Archive()

    report = get(archive, tmp_path, query="x:1", credentials=Credentials(user="alice", password="right"))

    assert (report.exit_code, len(saved(tmp_path))) == (ExitCode.ALL, 7)
    assert archive.logins > 1


def test_a_wrong_password_ends_before_anything_is_asked(tmp_path):
    archive = Archive()

    with pytest.raises(ServiceRefused, match="no such user"):
        get(archive, tmp_path, query="x:1", credentials=Credentials(user="alice", password="wrong"))

    assert len(archive.requests) == 1


def test_a_licence_is_accepted_once_when_the_user_says_so_and_explained_otherwise(tmp_path):
    willing, unwilling = Archive(licence="https://x.org/licence"), Archive(licence="https://x.org/licence")

    accepted = get(willing, tmp_path / "yes", query="x:1", accepts_licence=True)
    explained = get(unwilling, tmp_path / "no", query="x:1")

    assert (accepted.exit_code, len(willing.asked("/license"))) == (ExitCode.ALL, 1)
    assert (explained.exit_code, unwilling.asked("/license")) == (ExitCode.NOTHING_ALLOWED, [])
    assert "https://x.org/licence" in str(explained.files[0].reason)


@pytest.mark.parametrize("has_restore", [True, False])
def test_nearline_files_are_asked_for_together(tmp_path, has_restore):
    archive = Archive(is_nearline=True, has_restore=has_restore)

    report = get(archive, tmp_path, query="x:1")

    assert (report.exit_code, len(saved(tmp_path))) == (ExitCode.ALL, 7)
    assert len(archive.asked("/restor")) < 7


@pytest.mark.parametrize(
    "name", ["../../outside", "/etc/passwd", "..", "...", "a\\..\\b", "nul\0", "", "x" * 300, "é\u202e.tif", "con:1"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    folder = tmp_path / "in"

    report = get(Archive(products=1, names=name), folder, query="x:1")

    assert report.exit_code == ExitCode.ALL
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert (len(list(folder.iterdir())), saved(folder)) == (1, {content(1)})


def test_a_different_file_of_the_same_name_is_left_alone(tmp_path):
    archive = Archive(products=1)
    get(archive, tmp_path, query="x:1")
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"mine")

    report = get(archive, tmp_path, query="x:1")

    assert (report.files[0].failure, path.read_bytes()) == (Failure.EXISTS, b"mine")


@pytest.mark.parametrize("argument", ["cloud:1", "ftp://x.org/a", "URN:AIP:DATA:x"])
def test_an_argument_that_is_nothing_is_refused(tmp_path, argument):
    with pytest.raises(InvalidValue):
        get(Archive(), tmp_path, argument)


def test_what_is_withheld_is_said_and_the_rest_comes(tmp_path):
    class Withholding(Archive):
        def _product(self, number: int) -> dict[str, Any]:
            product = super()._product(number)
            shown = self._file(number, "THUMBNAIL")
            return {**product, "files": {"RAWDATA": [], "THUMBNAIL": [shown]}}

    report = get(Withholding(), tmp_path, str(a_urn(3)), types=[])

    assert (report.exit_code, report.withheld, saved(tmp_path)) == (ExitCode.ALL, (str(a_urn(3)),), {content(3)})


def test_a_product_without_such_a_file_is_said_to_have_none(tmp_path):
    with pytest.raises(ListingIncomplete, match="no file of this type"):
        get(Archive(), tmp_path, str(a_urn(5)), types=["THUMBNAIL"])
