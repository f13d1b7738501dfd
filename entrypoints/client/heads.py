"""Reading the heads of answers: ranges, waiting times, names, digests and the reason of a refusal."""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from typing import Any

import httpx

from domain.digest import can_compute
from entrypoints.client.answers import Answer
from entrypoints.client.folder import Digest

LONGEST_REASON = 500
_CONTENT_RANGE = re.compile(r"bytes (?:(?P<first>\d{1,19})-\d{1,19}|\*)/(?:(?P<total>\d{1,19})|\*)")
_STRONGEST_FIRST = ("sha-512", "sha512", "sha-256", "sha256", "sha", "sha-1", "md5", "adler", "adler32")
_NAMES = {"sha": "SHA-1", "sha-1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512", "adler": "ADLER32"}


def answer_of(response: httpx.Response, body: bytes, *, now: datetime) -> Answer:
    """What the fetch has to know. ``body`` is that of a refusal, else empty."""
    ranged = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    problem = json_object(body)
    return Answer(
        status=response.status_code,
        e_tag=response.headers.get("etag"),
        length=_number(response.headers.get("content-length")),
        first=_number(ranged["first"]) if ranged else None,
        total=_number(ranged["total"]) if ranged else None,
        retry_after=_seconds(response.headers.get("retry-after"), now),
        code=str(problem.get("type", "")).rsplit("/", 1)[-1] or None,
        detail=reason_of(response, body),
    )


def reason_of(response: httpx.Response, body: bytes) -> str:
    """Why the server refused, in its own words, as one line without control characters."""
    problem = json_object(body)
    said = problem.get("detail") or problem.get("title") or problem.get("messages")
    if isinstance(said, list):
        said = "; ".join(str(item) for item in said)
    if not said and response.headers.get("content-type", "").startswith("text/plain"):
        said = body.decode("utf-8", "replace")
    plain = "".join(c if c.isprintable() else " " for c in str(said or response.reason_phrase))
    return " ".join(plain.split())[:LONGEST_REASON]


def name_of(response: httpx.Response) -> str | None:
    """The name in Content-Disposition; the exact form before the plain one (RFC 6266 section 4.3)."""
    field = response.headers.get("content-disposition")
    if field is None:
        return None
    message = Message()
    message["content-disposition"] = field
    # Python puts the exact form behind the plain one, under the same name.
    found = [value for name, value in message.get_params([], "content-disposition") if name == "filename"]
    return collapse_rfc2231_value(found[-1]) if found else None


def digest_in(response: httpx.Response) -> Digest | None:
    """The strongest digest of the whole file that can be computed here (RFC 9530, RFC 3230)."""
    found = {**_listed(response.headers.get("digest", "")), **_listed(response.headers.get("repr-digest", ""))}
    for name in _STRONGEST_FIRST:
        algorithm = _NAMES.get(name, name.upper())
        if name not in found or not can_compute(algorithm):
            continue
        value = found[name]
        if name.startswith("adler") and not value.startswith(":"):
            return Digest(algorithm, value)
        try:
            return Digest(algorithm, base64.b64decode(value.strip(":"), validate=True).hex())
        except (binascii.Error, ValueError):
            continue
    return None


def json_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object; those of a list as ``items``; none when it is something else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {"items": found} if isinstance(found, list) else {}


def _listed(field: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in field.split(","))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if value}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 20 else None


def _seconds(text: str | None, now: datetime) -> float | None:
    """Seconds or a date (RFC 9110 section 10.2.3); what cannot be read is as good as absent."""
    if text is None:
        return None
    number = _number(text.strip())
    if number is not None:
        return float(number)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())
