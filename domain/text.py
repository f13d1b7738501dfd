"""Which texts can be names here."""


def is_storable(text: str) -> bool:
    """Whether every database and every protocol takes the text: not empty, no NUL, no half of a surrogate pair."""
    return bool(text) and "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
