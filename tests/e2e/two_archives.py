"""Two tenants of one service: one whose callers call, and one of which they must never be told anything.

Everything is made over HTTP. Names of the other tenant's things can be guessed (``Archives.words`` has them); what they
say and hold carries markers, which only an answer that gives something away can contain.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import attrs
import httpx

from domain.access import ANONYMOUS_EMAIL, Role
from tests.e2e.real_service import TENANT, until

OTHER = "vault"
OURS = "ours"
MARKER, NUMBER = "zebra-marker", 31_337_137
"""Only the other tenant has these, and no request contains them."""

ADMIN, USER, OPERATOR = "admin@example.org", "alice@example.org", "operator@example.org"
THEIR_USER = f"eve@{MARKER}.example.org"
PASSWORD = "correct horse battery staple"

PLAIN, LOCKED, ASLEEP = "plain", "locked", "asleep"
"""The products of a tenant: free for a group of everybody, behind a licence, and on a tape."""


@attrs.frozen
class Archives:
    """What was made."""

    words: dict[str, list[str]]
    """Things that requests may name, by the parameter that names them: of both tenants."""
    secrets: list[str]
    """What no answer may contain unless its request did."""


def urn_of(tenant: str, name: str, kind: str = "DATA", version: str = "V1") -> str:
    """The same for both tenants but for the tenant, and the UUID."""
    return f"URN:AIP:{kind}:{tenant}:{uuid5(NAMESPACE_URL, f'{tenant} {name}')}:{version}"


def bytes_of(said: str, name: str) -> bytes:
    """The file of a product of the tenant that says this."""
    return f"{said} {name}.".encode() * 500


def make_archives(folder: Path, client: httpx.Client, token: Callable[[str, Role, str], str]) -> Archives:
    """Both tenants with products, files, licences, users and storages.

    ``client`` speaks to the service, ``token`` gives a JWT for an e-mail and role in a tenant. Below ``folder`` each
    tenant has a folder of its name, in which Local storages must be allowed; the first tenant is there already.
    """
    operator = {"authorization": f"Bearer {token(OPERATOR, Role.INSTANCE_ADMIN, TENANT)}"}
    client.post("/tenants", json={"name": OTHER}, headers=operator).raise_for_status()
    # An instance may take a second to know it.
    until(lambda: client.get("/quota", headers={"scope": OTHER}).is_success)
    made = {
        tenant: _Maker(
            tenant=tenant,
            said=said,
            folder=folder / tenant,
            client=client,
            headers={"authorization": f"Bearer {token(ADMIN, Role.PROJECT_ADMIN, tenant)}"},
        ).make()
        for tenant, said in ((TENANT, OURS), (OTHER, MARKER))
    }
    words: dict[str, list[str]] = {}
    for each in made.values():
        for name, values in each.items():
            words.setdefault(name, []).extend(value for value in values if value not in words.get(name, ()))
    theirs = made[OTHER]
    named = [*theirs["checksum"], *theirs["ticket_id"], *(urn.split(":")[4] for urn in theirs["urn"])]
    return Archives(words, [MARKER, str(NUMBER), *dict.fromkeys(named)])


@attrs.frozen(kw_only=True)
class _Maker:
    """Makes one tenant; ``said`` stands in every text of it."""

    tenant: str
    said: str
    folder: Path
    client: httpx.Client
    headers: dict[str, str]

    @property
    def is_theirs(self) -> bool:
        return self.tenant == OTHER

    def make(self) -> dict[str, list[str]]:
        """Make it; what requests may name, by parameter."""
        self._storages()
        files = {name: self._file(name) for name in (PLAIN, LOCKED, ASLEEP)}
        self._catalogue(files)
        ticket = self._send("POST", "/tickets", {"checksum": files[PLAIN]["checksum"], "lifetimeSeconds": 3600})
        wanted = {"checksums": [files[ASLEEP]["checksum"]], "availabilityHours": 1}
        asked = self._send("POST", "/restorations", wanted)
        self._people()
        datasets = [urn_of(self.tenant, name, "DATASET") for name in ("open", "closed")]
        products = [urn_of(self.tenant, name) for name in (PLAIN, LOCKED, ASLEEP)]
        latest = [urn_of(self.tenant, PLAIN, version="LAST"), urn_of(self.tenant, "open", "DATASET", "LAST")]
        return {
            "checksum": [str(file["checksum"]) for file in files.values()],
            "urn": [*products, *datasets, *latest],
            "dataset": [*datasets, latest[-1]],
            "storage": ["disk", "tape"],
            "group": ["everybody", "insiders"],
            "email": [USER, ADMIN, *([THEIR_USER.replace(MARKER, "x")] if self.is_theirs else [])],
            "tenant": [self.tenant],
            "ticket_id": [ticket["id"]],
            "ticket": [] if self.is_theirs else [ticket["token"]],
            "group_id": [asked["groupId"]],
        }

    def _send(self, method: str, path: str, body: object = None) -> Any:
        answer = self.client.request(method, path, json=body, headers=self.headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def _storages(self) -> None:
        for name, plugin, parameter in (("disk", "Local", "Storage_URL"), ("tape", "DemoTape", "root")):
            root = self.folder / (MARKER if self.is_theirs else "plain") / name
            root.mkdir(parents=True)
            values = [{"name": parameter, "value": str(root)}]
            body = {"name": name, "pluginConfiguration": {"pluginId": plugin, "parameters": values}}
            self._send("POST", "/storages", body)

    def _file(self, name: str) -> dict[str, object]:
        data = bytes_of(self.said, name)
        storage = "tape" if name == ASLEEP else "disk"
        path = self.folder / (MARKER if self.is_theirs else "plain") / storage / name
        path.write_bytes(data)
        file: dict[str, object] = {
            "checksum": hashlib.sha256(data).hexdigest(),
            "algorithm": "SHA-256",
            "fileName": f"{self.said}-{name}.dat",
            "fileSize": len(data),
            "mimeType": "application/octet-stream",
            "type": "RAWDATA",
        }
        location = {"storage": storage, "url": path.as_uri()}
        self._send("POST", "/files", {"files": [{"metaInfo": file, "location": location}]})
        return file

    def _catalogue(self, files: Mapping[str, Mapping[str, object]]) -> None:
        features = [_feature(urn_of(self.tenant, name, "DATASET"), self.said, (), []) for name in ("open", "closed")]
        for name, file in files.items():
            dataset = urn_of(self.tenant, "closed" if name == LOCKED else "open", "DATASET")
            features.append(_feature(urn_of(self.tenant, name), self.said, [file], [dataset]))
        self._send("PUT", "/products", {"type": "FeatureCollection", "features": features})
        for group, dataset, is_public in (("everybody", "open", True), ("insiders", "closed", False)):
            self._send("PUT", f"/accessgroups/{group}", {"isPublic": is_public})
            right = {
                "group": group,
                "dataset": urn_of(self.tenant, dataset, "DATASET"),
                "metadataAccessLevel": "FULL_ACCESS",
                "fileAccessLevel": "INHERITED_ACCESS",
            }
            self._send("PUT", "/accessrights", right)
        self._send("PUT", f"/accessgroups/insiders/users/{USER}")
        link = f"https://{self.said}.example.org/licence.html"
        self._send("PUT", "/licences", {"link": link, "dataset": urn_of(self.tenant, "closed", "DATASET")})

    def _people(self) -> None:
        for email in (USER, ADMIN, *([THEIR_USER] if self.is_theirs else [])):
            role = "PROJECT_ADMIN" if email == ADMIN else "REGISTERED_USER"
            self._send("PUT", f"/users/{email}", {"password": PASSWORD, "role": role})
            self._limits(email)
        self._limits(ANONYMOUS_EMAIL)

    def _limits(self, email: str) -> None:
        number = NUMBER if self.is_theirs else -1
        self._send("PUT", f"/quota/{email}", {"email": email, "maxQuota": number, "rateLimit": number})


def _feature(urn: str, said: str, files: Sequence[Mapping[str, object]], datasets: Sequence[str]) -> dict[str, object]:
    listed = [
        {
            "dataType": "RAWDATA",
            "checksum": file["checksum"],
            "digestAlgorithm": "SHA-256",
            "filename": file["fileName"],
            "filesize": file["fileSize"],
            "mimeType": file["mimeType"],
            "reference": False,
        }
        for file in files
    ]
    return {
        "type": "Feature",
        "id": urn,
        "providerId": f"{said}-{urn}",
        "label": f"Of {said}",
        "model": "scene",
        "geometry": {"type": "Point", "coordinates": [1.48, 43.56]},
        "properties": {"datetime": "2026-01-31T12:00:00Z", "platform": said, "cloud": 3.5},
        "tags": [*datasets, said],
        "files": {"RAWDATA": listed},
    }
