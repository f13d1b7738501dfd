"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator

_MICROSECOND = timedelta(microseconds=1)

KeyText = String().with_variant(String(collation="C"), "postgresql")
"""Text compared by code point on both databases: pages and locks have one order whatever the server's locale."""

Count = BigInteger()
"""A 64-bit number."""

Serial = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit number that the database counts up; SQLite does so for ``INTEGER`` only, which is as wide there."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC, to the microsecond.

    SQLite has no such type: there it is text of fixed width (``2026-01-31 12:00:00.000000``), which sorts as time does.
    Raises ``ValueError`` for a naive value.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the domain to the driver."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant without a time zone cannot be stored.")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the driver to the domain."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Duration(TypeDecorator[timedelta]):
    """A span of time as a number of microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base class's signature
        """From the domain to the driver."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - the base class's signature
        """From the driver to the domain."""
        return None if value is None else timedelta(microseconds=value)


def microseconds(span: timedelta) -> int:
    """A span as it is stored."""
    return span // _MICROSECOND
