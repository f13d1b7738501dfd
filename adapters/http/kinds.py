"""One kind of problem: its code, its status, and what to do about it."""

import attrs


@attrs.frozen
class Kind:
    """One kind of problem.

    ``code`` is the last segment of ``type``; ``explanation`` tells what to do and is served at ``/problems/{code}``.
    ``retry_after`` is in seconds, ``None`` when waiting does not help or the wait is known only case by case.
    """

    code: str
    status: int
    title: str
    explanation: str
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """The problem type, a reference relative to this service's root."""
        return f"/problems/{self.code}"
