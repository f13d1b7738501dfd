"""What is known of a setting beside its name, type and default."""


def about(
    meaning: str, *, minimum: float | None = None, choices: tuple[str, ...] = (), shown: str = ""
) -> dict[str, object]:
    """What is known of a setting; ``shown`` describes a default that is worked out later."""
    return {"meaning": meaning, "minimum": minimum, "choices": choices, "shown": shown}
