"""Files whose size does not fit into 32 bits."""

import httpx

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from tests.e2e.real_service import TENANT, Installation

SIZE = 5 * 1024**3 + 1


def test_the_length_of_a_file_beyond_32_bits_is_told(tmp_path):
    installation = Installation(tmp_path)
    path = installation.path("disk", "large.dat")
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(SIZE - 3)
        file.seek(0, 2)
        file.write(b"end")

    async def register(use_cases):
        await use_cases.add_storage().execute(
            StorageRequest(
                tenant=TENANT,
                name="disk",
                plugin_id="Local",
                parameters={"Storage_URL": str(path.parent)},
                verify=False,
            )
        )
        new = NewFile(
            checksum="0" * 32,
            algorithm="MD5",
            file_name="large.dat",
            size_bytes=SIZE,
            media_type="application/octet-stream",
            data_type="RAWDATA",
            storage="disk",
            url=path.as_uri(),
        )
        return await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))

    assert isinstance(installation.use(register), Registered)
    installation.set_limits()
    with (
        installation.serving() as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {installation.token()}"}) as client,
    ):
        head = client.head(f"/files/{'0' * 32}/download")
        tail = client.get(f"/files/{'0' * 32}/download", headers={"Range": f"bytes={SIZE - 5}-"})

    assert (head.status_code, head.headers["content-length"]) == (200, str(SIZE))
    assert (tail.status_code, tail.content) == (206, b"\0\0end")
    assert tail.headers["content-range"] == f"bytes {SIZE - 5}-{SIZE - 1}/{SIZE}"
