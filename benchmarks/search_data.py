"""A large catalogue, made by numbers: the same number is always the same product."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from domain.file import DataType
from domain.groups import AccessGroup
from domain.product import FileEntry, Product
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import EntityType, Ident, Urn

TENANT = "bench"
READERS, FEW = "readers", "few"
"""Groups: of those who see the products of half of the datasets, and of those who see a small dataset only."""
DATASETS = 20
GRANTED = 10
SMALL = DATASETS + 1
"""The dataset of every thousandth product, and of no other."""
FIRST_SCENE = 1000
"""Numbers below are of datasets."""
FIRST = datetime(2015, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLATFORMS = ("Sentinel-1A", "Sentinel-2A", "Sentinel-2B", "SWOT", "Pleiades-HR", "SPOT-6")
RETIRED = "SPOT-4"
"""A platform of every fiftieth product, none of which is among the newer half of all."""
INSTRUMENTS = ("msi", "sar", "kari", "altimeter")
QUALITIES = ("good", "good", "good", "degraded", "bad")
TITLES = tuple(
    f"{first}{second}" for first in ("sea", "snow", "river", "sand", "cloud", "ice", "city") for second in
    ("scape", "field", "line", "shore", "top", "bed", "mark", "way", "land", "light")
)  # fmt: skip
_SECONDS = 11 * 365 * 86400


@cache
def dataset_urn(number: int) -> Urn:
    """One of the datasets."""
    return Urn(ident=Ident.AIP, entity_type=EntityType.DATASET, tenant=TENANT, uuid=UUID(int=number), version=1)


@cache
def _tag(dataset: int) -> str:
    return str(dataset_urn(dataset))


def groups() -> list[AccessGroup]:
    """Both."""
    return [AccessGroup(tenant=TENANT, name=name) for name in (READERS, FEW)]


def rights() -> list[AccessRight]:
    """Of the groups, on their datasets."""
    granted = [(READERS, number) for number in range(1, GRANTED + 1)] + [(FEW, SMALL)]
    return [
        AccessRight(
            tenant=TENANT,
            group=group,
            dataset=dataset_urn(number).virtual_id,
            metadata_level=MetadataLevel.FULL_ACCESS,
            file_level=FileLevel.INHERITED_ACCESS,
        )
        for group, number in granted
    ]


def a_dataset(number: int) -> Product:
    """One of the datasets, as a product."""
    return Product(
        urn=dataset_urn(number),
        provider_id=f"dataset-{number}",
        label=f"Dataset {number}",
        model="dataset",
        properties={"title": f"Dataset {number}"},
        registered_at=NOW,
        updated_at=NOW,
    )


def a_scene(number: int) -> Product:
    """One of the products, measured over one to two degrees; every fourth over some hours."""
    chance = random.Random(number)
    is_retired = number % 50 == 7
    at = FIRST + timedelta(seconds=chance.randrange(_SECONDS // 2 if is_retired else _SECONDS))
    west, south = round(chance.uniform(-180, 178), 4), round(chance.uniform(-80, 78), 4)
    east, north = round(west + chance.uniform(1, 2), 4), round(south + chance.uniform(1, 2), 4)
    dataset = SMALL if number % 1000 == 0 else number % DATASETS + 1
    properties = {
        "title": " ".join(chance.sample(TITLES, 3)),
        "platform": RETIRED if is_retired else chance.choice(PLATFORMS),
        "instrument": chance.choice(INSTRUMENTS),
        "cloud": round(chance.uniform(0, 100), 2),
        "orbit": chance.randrange(1, 5000),
        "datetime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": f"{chance.choice('abcdefghij')}{chance.choice(TITLES)}_{chance.randrange(100)}",
        "quality": chance.choice(QUALITIES),
    }
    if number % 4 == 0:
        properties["start_datetime"] = properties["datetime"]
        properties["end_datetime"] = (at + timedelta(hours=chance.randrange(1, 200))).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Product(
        urn=Urn(
            ident=Ident.AIP,
            entity_type=EntityType.DATA,
            tenant=TENANT,
            uuid=UUID(int=chance.getrandbits(128)),
            version=1,
        ),
        provider_id=f"scene-{number:07}",
        label=f"Scene {number}",
        model="scene",
        geometry={
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        properties=properties,
        files=(
            FileEntry(
                data_type=DataType.RAWDATA,
                file_name=f"scene_{number:07}.tif",
                media_type="image/tiff",
                checksum=f"{number:032x}",
                algorithm="MD5",
                size_bytes=1000,
            ),
        ),
        tags=(_tag(dataset),),
        registered_at=NOW,
        updated_at=NOW,
    )
