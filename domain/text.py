"""Which texts can be names here."""


def is_storable(text: str) -> bool:
    """Whether every database and every protocol takes the text: not empty, no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return bool(text) and "\x00" not in text
