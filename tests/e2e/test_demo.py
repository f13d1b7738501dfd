"""What ``rs-downloader demo`` prints is pasted into a shell, and does what it says."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.real_service import COMMAND, Server, free_port


class Demo:
    """A demo archive with its server."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.port = free_port()
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
        self.environment = plain | {
            "RS_DOWNLOADER_DATA_DIR": str(self.data_dir),
            "RS_DOWNLOADER_RESTORATION_SECONDS": "0.2",
            "RS_DOWNLOADER_LOG_FORMAT": "json",
        }

    def make(self) -> str:
        """Run the command; what it prints."""
        done = subprocess.run(
            [COMMAND, "demo", "--port", str(self.port)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def paste(self, printed: str) -> tuple[str, str]:
        """Run the printed lines in bash, with the service running; what they print, and the log of the service."""
        lines = re.findall(r"^  (.*)$", printed, re.MULTILINE)
        server = Server(self.environment, self.port)
        try:
            server.wait_until_ready()
            done = subprocess.run(
                ["bash"],
                input="\n".join(lines),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout, server.log
        finally:
            server.stop()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return Demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def twice(demo):
    return demo.make(), demo.make()


@pytest.fixture(scope="module")
def printed(twice):
    return twice[-1]


@pytest.fixture(scope="module")
def pasted(demo, printed):
    return demo.paste(printed)


def objects(text: str) -> list[dict[str, object]]:
    """Every line that is a JSON object."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_the_lines_do_what_they_say_from_the_first_to_the_last(pasted):
    said, _ = pasted

    shape = [re.sub(r"^\{.*", "{}", line) for line in said.splitlines()]
    assert shape == [
        '"label":"A poster"',
        *('"label":"A poster"', '"label":"The scene by day"', '"label":"The scene by night, which is on tape"'),
        "preview.png",
        *("200", "{}"),  # Bob: the preview, and why not the data
        *("{}", "{}"),  # Alice: locked, and accepting
        *("medium.dat: OK", "{}"),
        *("410", "200", "night.dat: OK"),
        *("colleague.dat: OK", "403"),
        *("200", "200", "429", "Download quota of 2 exceeded (by 0) for user bob@example.org."),
        *("3 files are there, 0 are not.", "medium.dat", "night.dat", "preview.png"),
    ]


def test_they_show_who_may_what_and_why_not(pasted):
    refused, locked, accepted, quota = objects(pasted[0])

    assert (refused["type"], refused["status"]) == ("/problems/no-data-right", 403)
    assert locked.keys() == {"license", "accept"}
    assert accepted["content"] == {"accepted": True, "licenseLink": locked["license"]}
    assert (quota["email"], quota["currentQuota"], quota["currentRate"]) == ("alice@example.org", 1, 0)


def test_the_passwords_are_made_for_each_installation_and_never_logged(demo, printed, pasted, tmp_path):
    mine, others = (set(re.findall(r"@example\.org (\S{16})\)", text)) for text in (printed, Demo(tmp_path).make()))

    assert (len(mine), len(others)) == (2, 2)
    assert mine.isdisjoint(others)
    assert not any(password in pasted[1] for password in mine)
    assert stat.S_IMODE((demo.data_dir / "demo-passwords.json").stat().st_mode) == 0o600


def test_the_story_of_the_readme_is_made_of_printed_lines(printed):
    readme = Path(__file__).parent.parent.parent.joinpath("README.md").read_text()
    told = [line for line in readme.splitlines() if re.match(r"(curl|until|LINK=)", line)]

    assert len(told) >= 6
    assert [line for line in told if f"  {line}\n" not in printed] == []


def test_making_it_again_changes_nothing(twice):
    first, again = twice

    assert again == first
