"""Refused downloads, kept in memory until their users are told of them together."""

import attrs

from domain.access import ANONYMOUS_EMAIL
from domain.account import AccountKey
from domain.quota import Refusal
from domain.refused_downloads import RefusedDownloads

MOST_USERS = 1000
"""Users that are told of at once; refusals of further ones are only answered and logged."""


@attrs.define(eq=False)
class Refusals:
    """The refusals of this instance since the last report. Noting one costs a look-up, and no more memory in a loop."""

    _of_user: dict[AccountKey, RefusedDownloads] = attrs.field(factory=dict)

    def note(self, account: AccountKey, file_name: str, refusal: Refusal) -> None:
        """Remember one refusal. Nobody can be told of those of the anonymous user and of tickets without a user."""
        if account.is_ticket or account.email == ANONYMOUS_EMAIL:
            return
        so_far = self._of_user.get(account)
        if so_far is None and len(self._of_user) >= MOST_USERS:
            return
        noted = (so_far or RefusedDownloads()).and_one(file_name, refusal)
        if noted.lines:
            self._of_user[account] = noted

    def take(self) -> dict[AccountKey, RefusedDownloads]:
        """What was noted; the memory is empty afterwards."""
        taken, self._of_user = self._of_user, {}
        return taken

    def give_back(self, taken: dict[AccountKey, RefusedDownloads]) -> None:
        """What could not be told; it comes before what was noted since."""
        for account, refused in taken.items():
            self._of_user[account] = refused.and_these(self._of_user.get(account, RefusedDownloads()))
