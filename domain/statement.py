"""When something was said of a product or a copy, and whether it is still news: messages overtake each other."""

from datetime import datetime, timedelta

import attrs

_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


@attrs.frozen
class Statement:
    """Something that is said of products, or of a copy of a file, at an instant.

    ``overrides`` is the latest instant of an earlier statement that this one puts aside; ``None`` for all of them.
    """

    said_at: datetime
    overrides: datetime | None = None

    @classmethod
    def asked(cls, now: datetime) -> "Statement":
        """What somebody asks for who waits for the answer: it comes after everything that was heard before."""
        return cls(now)

    @classmethod
    def heard(cls, sent_at: datetime | None, now: datetime) -> "Statement":
        """What a message says, which may have been overtaken by a later one.

        Nobody speaks in the future: a sender whose clock is ahead would silence everybody until then. An instant
        without a fraction stands for its whole second (AMQP knows no other); within it the order of arrival counts. A
        message without an instant is said when it arrives.
        """
        if sent_at is None:
            return cls(now, now)
        said_at = min(sent_at, now)
        is_whole_second = said_at == sent_at and said_at.microsecond == 0
        return cls(said_at, said_at + _SECOND - _MICROSECOND if is_whole_second else said_at)

    def of_what_is_missing(self) -> "Statement":
        """The end of something that was never heard of: it has overtaken its own beginning.

        So it comes after everything that may have been said in its second, in whatever order that arrives.
        """
        return self if self.overrides is None else Statement(self.overrides + _MICROSECOND)

    def is_news(self, last_said_at: datetime | None) -> bool:
        """Whether it counts, where the last statement that counted was said then (``None``: there is none)."""
        return last_said_at is None or self.overrides is None or last_said_at <= self.overrides

    def noted(self, last_said_at: datetime | None) -> datetime:
        """What to note as the last statement when this one counts: never earlier than what was noted before."""
        return self.said_at if last_said_at is None else max(self.said_at, last_said_at)
