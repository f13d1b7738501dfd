"""The S3 plugin where its client is not installed, and objects whose digests are not certain."""

import subprocess
import sys

import pytest

from adapters.storage.s3.head import ObjectHead, certain_digests, version_id_of

_WITHOUT = """
import sys
sys.modules["aiobotocore"] = None
from adapters.storage.registry import PluginRegistry
for plugin in PluginRegistry().plugins():
    print(plugin.plugin_id, plugin.error)
"""
MD5 = "0123456789abcdef0123456789abcdef"


def test_without_its_client_the_plugin_says_what_to_install_and_disables_only_itself() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=True)

    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "install rs-downloader[s3]" in told["S3"]
    assert told["Local"] == "None"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"ETag": f'"{MD5}"'}, {"MD5": MD5}),
        ({"ETag": f'"{MD5}"', "ServerSideEncryption": "AES256"}, {"MD5": MD5}),
        ({"ETag": f'"{MD5}"', "ServerSideEncryption": "aws:kms"}, {}),
        ({"ETag": f'"{MD5}"', "ServerSideEncryption": "aws:kms:dsse"}, {}),
        ({"ETag": f'"{MD5}"', "SSECustomerAlgorithm": "AES256"}, {}),
        ({"ETag": f'"{MD5}-3"'}, {}),
        ({"ETag": '"opaque"'}, {}),
        ({}, {}),
        ({"ETag": f'"{MD5}-3"', "ChecksumCRC32": "AAAAAA==", "ChecksumType": "FULL_OBJECT"}, {"CRC32": "00000000"}),
        ({"ETag": f'"{MD5}-3"', "ChecksumSHA256": "AAAA", "ChecksumType": "COMPOSITE"}, {}),
        ({"ETag": f'"{MD5}-3"', "ChecksumSHA256": "AAAA"}, {}),
        ({"ETag": '"x"', "ChecksumSHA256": "AAAA-3"}, {}),
        ({"ETag": '"x"', "ChecksumSHA256": "no base64"}, {}),
        ({"ETag": '"x"', "ChecksumSHA1": "AAAA", "ChecksumType": "FULL_OBJECT"}, {"SHA-1": "000000"}),
    ],
)
def test_only_digests_that_leave_no_doubt_are_told(answer: dict[str, str], expected: dict[str, str]) -> None:
    assert certain_digests(answer) == expected


@pytest.mark.parametrize("version_id", [None, "v1;x"])
def test_the_version_that_is_recorded_names_the_version_that_is_read(version_id: str | None) -> None:
    head = ObjectHead(size_bytes=1, e_tag='"a;b"', version_id=version_id)

    assert version_id_of(head.version) == ({"VersionId": version_id} if version_id else {})
    assert head.pin["IfMatch"] == '"a;b"'


def test_a_server_that_tells_no_identity_has_none() -> None:
    head = ObjectHead.of({"ContentLength": 1, "VersionId": "null"})

    assert (head.version, head.pin) == (None, {})
    assert version_id_of(None) == {}
