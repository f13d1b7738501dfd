"""What the demo calls its things."""

from uuid import NAMESPACE_URL, uuid5

from domain.urn import EntityType, Ident, Urn

TENANT = "demo"
DISK = "demo-disk"
TAPE = "demo-tape"
ALICE = "alice@example.org"
BOB = "bob@example.org"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def _urn(name: str, entity_type: EntityType) -> Urn:
    uuid = uuid5(NAMESPACE_URL, f"rs-downloader demo {name}")
    return Urn(ident=Ident.AIP, entity_type=entity_type, tenant=TENANT, uuid=uuid, version=1)


SCENES = _urn("scenes", EntityType.DATASET)
PICTURES = _urn("pictures", EntityType.DATASET)
DAY = _urn("day", EntityType.DATA)
NIGHT = _urn("night", EntityType.DATA)
POSTER = _urn("poster", EntityType.DATA)
