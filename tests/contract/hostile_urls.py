"""URLs as an attacker would write them: paths to secrets, disguised, in many forms."""

from urllib.parse import quote

from hypothesis import strategies as st

_UP_AND_ROUND = [
    "..", ".", "...", "", "%2e%2e", "..;", "..;x=1", ". .", "..%00", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae",
    "\uff0e\uff0e", "\u2025", "%u002e%u002e", "..%5c..", "..\\..", "%2f", "%5c", "~", "*", "con", "\x00", "\n",
    "\u202e", "\ud800",
]  # fmt: skip


def _plain(text: str) -> str:
    return text


def _encoded(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


def _dots(text: str) -> str:
    return text.replace(".", "%2E")


def _slashes(text: str) -> str:
    return text.replace("/", "%2F")


def _twice(text: str) -> str:
    return _encoded(text).replace("%", "%25")


def _thrice(text: str) -> str:
    return _twice(text).replace("%", "%25")


def _overlong(text: str) -> str:
    return text.replace(".", "%c0%ae").replace("/", "%c0%af")


def _backslashes(text: str) -> str:
    return text.replace("/", "\\")


def _wide(text: str) -> str:
    return text.replace(".", "\uff0e").replace("/", "\uff0f")


def _usual(text: str) -> str:
    return quote(text, errors="surrogatepass")


_DISGUISES = [
    _plain, _encoded, _dots, _slashes, _twice, _thrice, _overlong, _backslashes, _wide, _usual, str.upper, str.lower
]  # fmt: skip


def mostly(usual: list[str], otherwise: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Two times in three one of the usual: a URL is dangerous when nearly all of it is in order."""
    return st.integers(0, 2).flatmap(lambda number: st.sampled_from(usual) if number else otherwise)


def paths(targets: list[str], pieces: list[str]) -> st.SearchStrategy[str]:
    """Ways to write paths: those of ``targets`` in disguise, with ``pieces`` and worse in between."""
    piece = st.one_of(st.sampled_from([*pieces, *_UP_AND_ROUND]), st.text(max_size=4))
    loose = st.lists(piece, max_size=8).map("/".join)
    long = st.sampled_from(["a/../" * 2000, "/" * 5000, "x" * 300, "./" * 3000])
    worse = ["/", "/.", "%00", "%00.zip", "\x00", "#", "#x", "?", "?x=1", ";x", "%20", ".", "\n"]
    disguised = st.builds(
        lambda before, target, disguise, after: before + disguise(target) + after,
        mostly([""], st.one_of(loose, long)),
        st.sampled_from(targets),
        st.one_of(st.just(_plain), st.sampled_from(_DISGUISES)),
        mostly([""], st.sampled_from(worse)),
    )
    twice = st.builds(lambda text, disguise: disguise(text), disguised, st.sampled_from(_DISGUISES))
    return st.one_of(disguised, disguised, twice, loose)


def schemes(root: str) -> list[str]:
    """Beginnings that could lead to the local file system, or to somebody else's."""
    return [
        f"file://{quote(root)}/", f"file:{root}/", f"file://localhost{root}/", f"FILE://{root}/", f"file:///{root}/",
        "file://", "file:///", "file:", "file:/", "file:////", "file://./", "file://localhost/", "file://evil.example/",
        f"file://evil.example{root}/", f"file://127.0.0.1{root}/", f"file://localhost:80{root}/", f"file://user@localhost{root}/",
        f"file:\\\\{root}\\", "\\\\host\\share\\", "//", "/", "", f"{root}/", f"jar:file:{root}/", f"zip:{root}/",
        f"url:file://{root}/", f"file:file://{root}/", "ftp://localhost/", f"http://localhost{root}/", f"s3://bucket{root}/",
        f" file://{root}/", f"file :{root}/", f"file\t://{root}/", "data:,", "netdoc:", "gopher://localhost/",
    ]  # fmt: skip
