"""A secret box without cryptography: it keeps what was sealed and hands out claim numbers."""

from application.errors import SecretUnreadable
from application.ports.secrets import SecretBox, SecretPlace


class InMemorySecretBox(SecretBox):
    """Secrets by number. ``keys`` is newest first; taking one away loses what it sealed."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys or ("k1",))
        self._kept: list[tuple[str, SecretPlace, str]] = []

    def seal(self, secret: str, place: SecretPlace) -> str:
        self._kept.append((self.keys[0], place, secret))
        return f"{self.keys[0]}/{len(self._kept) - 1}"

    def open(self, sealed: str, place: SecretPlace) -> str:
        key, _, number = sealed.partition("/")
        if key not in self.keys or not number.isdecimal() or int(number) >= len(self._kept):
            raise SecretUnreadable("There is no key for this secret.")
        kept_key, kept_place, secret = self._kept[int(number)]
        if (kept_key, kept_place) != (key, place):
            raise SecretUnreadable("This secret belongs elsewhere.")
        return secret

    def is_newest(self, sealed: str) -> bool:
        return sealed.startswith(f"{self.keys[0]}/")
