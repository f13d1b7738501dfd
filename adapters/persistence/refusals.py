"""Which accounts were refused a moment ago: a hint that makes retry loops cheap, and means nothing else."""

from collections import OrderedDict

from domain.account import AccountKey

_MOST = 4096


class RecentRefusals:
    """The accounts refused last, at most a few thousand; the least recent go first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[AccountKey, None] = OrderedDict()

    def __contains__(self, key: AccountKey) -> bool:
        return key in self._keys

    def note(self, key: AccountKey, *, is_refused: bool) -> None:
        """Remember how the latest admission of an account went."""
        if not is_refused:
            self._keys.pop(key, None)
            return
        self._keys[key] = None
        self._keys.move_to_end(key)
        if len(self._keys) > _MOST:
            self._keys.popitem(last=False)
