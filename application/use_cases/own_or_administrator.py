"""Whose account may a caller look at: their own, and any for administrators."""

from domain.access import Caller, Role
from domain.errors import Forbidden


def require_own_or_administrator(caller: Caller, email: str | None) -> None:
    """Raise ``Forbidden`` unless the caller is ``email`` or at least ADMIN; ``None`` stands for everybody."""
    if email != caller.email and not caller.role.is_at_least(Role.ADMIN):
        raise Forbidden("Only ADMIN and stronger roles may look at another user's account.")
