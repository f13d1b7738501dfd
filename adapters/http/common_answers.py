"""What the OpenAPI document says of every operation alike, whatever the operation is about.

Some answers are given before an operation is reached, or in another form to clients that ask for it. One place knows
them, so that no operation can forget them.
"""

from collections.abc import Collection
from typing import Any

from adapters.http.errors import PROBLEM_JSON
from adapters.http.health import PATHS

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}}

_PROBLEM: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
_PLAIN: dict[str, Any] = {"schema": {"type": "string"}}

_UNREADABLE = {"description": "The request cannot be read.", "content": {PROBLEM_JSON: _PROBLEM}}
_TOO_LARGE = {"description": "The body is larger than 10 MiB.", "content": {PROBLEM_JSON: _PROBLEM}}
_OVERLOADED = {
    "description": "This instance has as many requests as it takes, or the database does not answer.",
    "headers": RETRY_AFTER,
    "content": {PROBLEM_JSON: _PROBLEM},
}
_IN_MAINTENANCE = {
    "description": "The tenant is in maintenance: nothing of it is changed. Problem details when asked for.",
    "headers": RETRY_AFTER,
    "content": {"text/plain": _PLAIN, PROBLEM_JSON: _PROBLEM},
}
_IN_TWO_FORMS = ("423", "429")
"""Upstream's body, or problem details for clients whose ``Accept`` names them."""


def add_common_answers(document: dict[str, Any], changing: Collection[tuple[str, str]]) -> None:
    """Complete the document in place. ``changing`` names, by path and method, what stops in maintenance."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation: dict[str, Any] = item[method]
            responses: dict[str, Any] = operation["responses"]
            responses.setdefault("400", _UNREADABLE)
            if path not in PATHS:
                responses.setdefault("503", _OVERLOADED)
            if "requestBody" in operation:
                responses.setdefault("413", _TOO_LARGE)
            if (path, method) in changing:
                responses["515"] = _IN_MAINTENANCE
            for status in _IN_TWO_FORMS:
                if status in responses:
                    responses[status].setdefault("content", {}).setdefault(PROBLEM_JSON, _PROBLEM)
