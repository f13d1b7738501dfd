"""Checks and a count for one run of schemathesis, which loads this with its own Python.

- ``told_nothing``: no answer contains what only the other tenant has, unless the request itself did.
- ``justified_5xx``: an answer of 5xx is one of the two that the contract knows: 503 of a kind that may happen here,
  with ``Retry-After``, or 515 of a tenant in maintenance. schemathesis' own check leaves these two to this one.
- After the run the answers are counted, by operation and status, into the file that is named.

``TOLD_NOTHING`` in the environment is a JSON object: ``secrets``, ``unavailable`` (the codes of 503 that may happen,
by the id of the operation) and ``report``.
"""

import atexit
import json
import os
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import unquote_to_bytes

import requests
import schemathesis

GIVEN = json.loads(os.environ["TOLD_NOTHING"])
SECRETS = [secret.lower().encode() for secret in GIVEN["secrets"]]
COUNTED: Counter[tuple[str, int]] = Counter()
LOCK = threading.Lock()


@schemathesis.check
def told_nothing(ctx, response, case) -> None:
    """Not in the body, and not in a field."""
    del ctx, case
    fields = "\n".join(f"{name}: {value}" for name, values in response.headers.items() for value in values)
    told = b"\n".join((fields.encode(), response.content)).lower()
    found = [secret for secret in SECRETS if secret in told]
    if found:
        asked = _asked(response.request)
        leaked = [secret.decode() for secret in found if secret not in asked]
        assert not leaked, f"The answer tells of the other tenant: {leaked}"


@schemathesis.check
def justified_5xx(ctx, response, case) -> None:
    """Which ones the contract knows."""
    del ctx
    status = response.status_code
    if status < 500:
        return
    operation = case.operation.definition.raw.get("operationId")
    if status == 515:
        assert case.method.upper() not in {"GET", "HEAD"}, "Reading goes on during maintenance."
        return
    assert status == 503, f"An answer of {status}"
    if operation == "isReady":
        return
    assert response.headers.get("retry-after"), "503 without Retry-After"
    said = json.loads(response.content)["type"].rpartition("/")[2] if response.content else ""
    expected = GIVEN["unavailable"].get(operation, [])
    assert said in expected, f"503 {said!r}, and here only {expected} may happen"


@schemathesis.hook
def after_call(context, case, response) -> None:
    """Count, and end a maintenance that was begun: it would have everything refused that comes after."""
    del context
    operation = case.operation.definition.raw["operationId"]
    with LOCK:
        COUNTED[operation, response.status_code] += 1
    if operation == "setMaintenance" and response.status_code == 200:
        url = response.request.url.replace("/enable", "/disable")
        requests.put(url, headers={"Authorization": response.request.headers["Authorization"]}, timeout=30)


@atexit.register
def report() -> None:
    """Write what was counted."""
    counted: dict[str, dict[str, int]] = {}
    for (operation, status), number in sorted(COUNTED.items()):
        counted.setdefault(operation, {})[str(status)] = number
    Path(GIVEN["report"]).write_text(json.dumps(counted))


def _asked(request) -> bytes:
    """The request with its address decoded."""
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    fields = "\n".join(str(value) for value in request.headers.values()).encode()
    return b"\n".join((unquote_to_bytes(request.url or ""), bytes(body), fields)).lower()
