"""What pystac-client and stac-asset make of a STAC API; runs with the Python that they are installed for.

Usage: python stac_client.py URL HEADERS FOLDER, where HEADERS is a JSON object. Prints one JSON object.
"""

import asyncio
import hashlib
import json
import sys
from pathlib import Path

import pystac_client
import stac_asset
from jsonschema import Draft7Validator
from pystac import ItemCollection
from pystac.validation.local_validator import get_local_schema_cache
from referencing import Registry, Resource
from stac_asset.config import FileNameStrategy

SCHEMAS = get_local_schema_cache()


def violations(kind: str, document: dict) -> list[str]:
    """Where a document breaks the schemas of STAC 1.1.0 that come with pystac."""
    registry = Registry().with_resources([(uri, Resource.from_contents(schema)) for uri, schema in SCHEMAS.items()])
    uri = f"https://schemas.stacspec.org/v1.1.0/{kind}-spec/json-schema/{kind}.json"
    return [error.message for error in Draft7Validator(SCHEMAS[uri], registry=registry).iter_errors(document)]


def ids(items) -> list[str]:
    """Of the items found, in order."""
    return [item.id for item in items]


def main(url: str, headers: dict[str, str], folder: Path) -> dict:
    """Walk through the API, and download what is in every collection."""
    client = pystac_client.Client.open(url, headers=headers)
    if "scope=" in url:
        # Only what follows links and searches: asking by name, the client adds names behind the query of an address.
        return {"items": ids(client.search(limit=2, method="GET").items())}
    collections = list(client.get_collections())
    items = [item for collection in collections for item in collection.get_items()]
    first, last = items[0], items[-1]
    west, south, east, north = first.bbox
    config = stac_asset.Config(http_headers=headers, file_name_strategy=FileNameStrategy.KEY, warn=False)
    checked = [
        *(("item", item) for item in items),
        *(("collection", collection) for collection in collections),
        ("catalog", client),
    ]
    broken = [found for kind, each in checked for found in violations(kind, each.to_dict(transform_hrefs=False))]
    asyncio.run(stac_asset.download_item_collection(ItemCollection(items), folder, config=config))
    return {
        "violations": broken,
        "collections": [collection.id for collection in collections],
        "items": ids(items),
        "all": ids(client.search(limit=2, method="GET").items()),
        "all by post": ids(client.search(limit=2, method="POST").items()),
        "in a box": ids(client.search(bbox=[west, south, east, north]).items()),
        "since": ids(client.search(datetime=[last.datetime, None]).items()),
        "by id": ids(client.search(ids=[first.id], method="GET").items()),
        "one": client.get_collection(collections[0].id).get_item(first.id).to_dict(transform_hrefs=False)["id"],
        "checksums": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix != ".json"
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))))
