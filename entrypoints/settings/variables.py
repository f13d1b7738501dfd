"""What the environment variables of settings are called."""

import re

import attrs

PREFIX = "RS_DOWNLOADER_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
TEST_PREFIX = f"{PREFIX}TEST_"
"""Variables of the test suite; they are never settings."""

_SERVICE_LINK = re.compile(rf"{PREFIX}(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)")
"""What Kubernetes adds to the environment of a pod when a service is called rs-downloader."""


def variables(settings_class: type[attrs.AttrsInstance]) -> dict[str, str]:
    """The environment variable of every setting, by setting."""
    return {field.name: PREFIX + field.name.upper() for field in attrs.fields(settings_class)}


def is_of_others(name: str) -> bool:
    """Whether a variable is left alone: of other programs, of the test suite, or of Kubernetes."""
    return not name.startswith(PREFIX) or name.startswith(TEST_PREFIX) or _SERVICE_LINK.match(name) is not None
