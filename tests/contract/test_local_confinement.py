"""Nothing outside a root is ever readable, whatever the URL looks like."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.storage.local import LocalStorage
from application.errors import LocationRefused, StorageUnavailable
from domain.errors import InvalidValue
from tests import factories

pytestmark = pytest.mark.anyio

SECRET = b"secret that must never leave"
INSIDE = b"public"

_PIECES = st.sampled_from(
    ["..", ".", "%2e%2e", "%2E.", "..%2f", "%2f", "\\", "..\\", "a", "inside", "link", "up", "outside", "//", "%00",
     "%252e%252e", "file:", "?x", "#x", "\u2025", "root", " ", "@", ":", "localhost", "~"]
)  # fmt: skip


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=8), prefix=st.integers(0, 4))
async def test_no_url_reads_outside_the_root(tmp_path: Path, pieces: list[str], prefix: int) -> None:
    root = tmp_path / "root"
    if not root.exists():
        (root / "a").mkdir(parents=True)
        (root / "inside").write_bytes(INSIDE)
        (root / "a" / "inside").write_bytes(INSIDE)
        (tmp_path / "outside").write_bytes(SECRET)
        (root / "link").symlink_to(tmp_path / "outside")
        (root / "up").symlink_to(tmp_path)
    start = [root.as_uri(), f"file:{root}", "file://", str(root), f"file://localhost{quote(str(root))}"][prefix]
    url = start + "/" + "/".join(pieces)
    storage = LocalStorage(str(root))

    try:
        source = await storage.open(factories.a_location(url=url, version=None), len(SECRET))
        data = await source.read(0, len(SECRET))
        await source.aclose()
    except (InvalidValue, LocationRefused, StorageUnavailable):
        return
    assert data != SECRET
