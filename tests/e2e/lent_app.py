"""Applications that serve one service after another: putting one together takes longer than most tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
from litestar import Litestar
from litestar.di import Provide

from adapters.http.app import create_app
from adapters.http.authentication import Authenticator

_IDLE: list["_LentApp"] = []


@contextmanager
def lent_app(use_cases: Mapping[str, object], authenticator: Authenticator) -> Iterator[Litestar]:
    """An application of these use cases alone, until the end of the block. Several may be lent at a time."""
    lent = _IDLE.pop() if _IDLE else _LentApp(tuple(use_cases))
    lent.use_cases, lent.authenticator = use_cases, authenticator
    yield lent.app
    # One that a failure has left in an unknown state is not lent again.
    lent.use_cases, lent.authenticator = {}, None
    _IDLE.append(lent)


@attrs.define(eq=False)
class _LentApp:
    names: tuple[str, ...]
    use_cases: Mapping[str, object] = attrs.field(factory=dict)
    authenticator: Authenticator | None = None
    app: Litestar = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.app = create_app(
            dependencies={name: self._given(name) for name in self.names},
            authenticator=_OfWhoeverHasIt(self),  # type: ignore[arg-type] # it is one, whatever its type says
            version="0.0.0",
        )

    def _given(self, name: str) -> Provide:
        return Provide(lambda: self.use_cases[name], sync_to_thread=False)


@attrs.frozen
class _OfWhoeverHasIt:
    """The authenticator of the service that has the application now."""

    lent: _LentApp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lent.authenticator, name)
