"""Statements compiled once, with their rows as plain tuples: the path that every download takes twice."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql import ClauseElement


class Prepared:
    """A statement compiled for one database. Bound values go to the driver, and rows come from it, unconverted."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._positions: list[str] | None = getattr(compiled, "positiontup", None)

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """The bound values in the driver's form."""
        bound = {**self._constants, **values}
        return bound if self._positions is None else tuple(bound[name] for name in self._positions)

    def on(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute; returns SQLAlchemy's result."""
        return connection.exec_driver_sql(self.text, self.parameters(values))
