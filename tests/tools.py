"""Servers and clients that tests run beside the service: where they are, and what is skipped without them."""

import os
from pathlib import Path

import pytest

TOOLS_VARIABLE = "RS_DOWNLOADER_TEST_TOOLS"

needs_tools = [
    pytest.mark.tools,
    pytest.mark.skipif(TOOLS_VARIABLE not in os.environ, reason=f"run 'make tools' and set {TOOLS_VARIABLE}"),
]
"""For ``pytestmark``."""


def tool(name: str) -> Path:
    """The program of this name. Raises ``FileNotFoundError``: where tools are asked for, each must be there."""
    path = Path(os.environ[TOOLS_VARIABLE], name)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; run 'make tools' again.")
    return path
