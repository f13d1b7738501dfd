"""The front door of a real process on a real database: from the product that is put to the link that is handed on."""

from uuid import uuid4
from xml.etree.ElementTree import fromstring

import httpx

from domain.access import Role
from tests.e2e.real_service import TENANT, Installation

ADMIN, USER, VIEWER = "admin@x.org", "user@x.org", "viewer@x.org"
SIZE = 300_000


def test_a_product_reaches_those_who_may_have_it(tmp_path):
    installation = Installation(tmp_path)
    checksum, data = installation.add_file(SIZE)
    urn, dataset = f"URN:AIP:DATA:{TENANT}:{uuid4()}:V1", f"URN:AIP:DATASET:{TENANT}:{uuid4()}:LAST"
    feature = {
        "type": "Feature",
        "id": urn,
        "providerId": "scene",
        "label": "A scene",
        "model": "scene",
        "properties": {},
        "tags": [dataset],
        "files": {
            "RAWDATA": [
                {
                    "dataType": "RAWDATA",
                    "checksum": checksum,
                    "digestAlgorithm": "SHA-256",
                    "filename": "the scene.dat",
                    "filesize": SIZE,
                    "mimeType": "application/octet-stream",
                    "reference": False,
                }
            ]
        },
    }
    tokens = {
        user: {"authorization": f"Bearer {installation.token(user, role)}"}
        for user, role in ((ADMIN, Role.PROJECT_ADMIN), (USER, Role.REGISTERED_USER), (VIEWER, Role.REGISTERED_USER))
    }
    url = f"/downloads/{urn}/files/{checksum}"
    link = {"link": "https://archive.example.org/licence.html", "dataset": dataset}

    with installation.serving() as server, httpx.Client(base_url=server.url, headers=tokens[ADMIN]) as client:
        for path, body in [
            (f"/products/{urn}", feature),
            ("/accessgroups/readers", {}),
            ("/accessgroups/viewers", {}),
            (f"/accessgroups/readers/users/{USER}", {}),
            (f"/accessgroups/viewers/users/{VIEWER}", {}),
            ("/accessrights", _right("readers", dataset, "INHERITED_ACCESS")),
            ("/accessrights", _right("viewers", dataset, "NO_ACCESS")),
            ("/licences", link),
        ]:
            client.put(path, json=body).raise_for_status()
        user, viewer = tokens[USER], tokens[VIEWER]
        locked = client.get(url, headers=user)
        client.put(f"/datasets/{dataset}/license", headers=user).raise_for_status()
        plan = client.post("/downloads/plan", headers=user, json={"files": [{"urn": urn, "checksum": checksum}]})
        got = client.get(url, headers=user)
        head = client.head(url, headers=user)
        client.put(f"/datasets/{dataset}/license", headers=viewer).raise_for_status()
        refused = client.get(url, headers=viewer)
        available = client.get(f"/availability/files/{urn}", headers=user)
        document = client.get(f"/downloads/{urn}/metalink", headers=user)
        handed_on = client.post(f"{url}/tickets", headers=user, json={}).json()["namedUrl"]
        by_link = httpx.get(handed_on)
        client.delete(f"/accessgroups/readers/users/{USER}").raise_for_status()
        late = httpx.get(handed_on)

    assert (locked.status_code, locked.json()["license"]) == (423, link["link"])
    assert (plan.json()["units"], plan.json()["fits"]) == (1, True)
    assert (got.status_code, got.content, head.headers["content-length"]) == (200, data, str(SIZE))
    assert got.headers["content-disposition"].startswith('attachment; filename="the scene.dat"')
    assert (refused.status_code, refused.content) == (403, b"")
    assert available.json()["files"] == [{"checksum": checksum, "available": True, "state": "AVAILABLE"}]
    (digest,) = fromstring(document.content).iter("{urn:ietf:params:xml:ns:metalink}hash")
    assert (digest.get("type"), digest.text) == ("sha-256", checksum)
    assert (by_link.status_code, by_link.content) == (200, data)
    assert (late.status_code, late.content) == (403, b"")
    assert installation.query(f"SELECT units_used FROM account WHERE email = '{USER}'") == [(2,)]


def _right(group: str, dataset: str, files: str) -> dict[str, str]:
    return {
        "group": group,
        "dataset": dataset,
        "metadataAccessLevel": "FULL_ACCESS",
        "fileAccessLevel": files,
    }
