"""Lists of addresses in a setting."""

from urllib.parse import urlsplit


def base_urls(text: str) -> tuple[str, ...]:
    """Base URLs with ',' between, each once and without a slash at its end.

    Raises ``ValueError`` for what is no http or https URL, or has a user, a query or a fragment; it is not quoted,
    since there may be a password in it.
    """
    found = tuple(dict.fromkeys(part.strip().rstrip("/") for part in text.split(",") if part.strip()))
    for number, url in enumerate(found, 1):
        parts = urlsplit(url)
        # Asked for a port that is none, ``port`` raises ``ValueError``.
        is_base = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1)
        if not is_base or parts.username is not None or parts.query or parts.fragment or not url.isascii():
            raise ValueError(f"number {number} is no base URL like http://host:9053.")
    return found
