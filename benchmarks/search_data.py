"""Many products for the benchmark of searches, as rows for COPY: what saving them would write, written faster."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from adapters.persistence.attribute_rows import attribute_values, words_values
from domain.file import DataType
from domain.product import FileEntry, Product
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import EntityType, Ident, Urn

TENANT = "bench"
GROUP = "readers"
DATASETS = 20
GRANTED = 10
"""Datasets of which the caller sees the products: half of all."""
FIRST = datetime(2015, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLATFORMS = ("Sentinel-1A", "Sentinel-2A", "Sentinel-2B", "SWOT", "Pleiades-HR", "SPOT-6")
INSTRUMENTS = ("msi", "sar", "kari", "altimeter")
QUALITIES = ("good", "good", "good", "degraded", "bad")
TITLES = tuple(
    f"{first}{second}" for first in ("sea", "snow", "river", "sand", "cloud", "ice", "city") for second in
    ("scape", "field", "line", "shore", "top", "bed", "mark", "way", "land", "light")
)  # fmt: skip


def dataset_urn(number: int) -> Urn:
    """One of the datasets."""
    return Urn(ident=Ident.AIP, entity_type=EntityType.DATASET, tenant=TENANT, uuid=UUID(int=number), version=1)


def rights() -> list[AccessRight]:
    """Of the group, on half of the datasets."""
    return [
        AccessRight(
            tenant=TENANT,
            group=GROUP,
            dataset=dataset_urn(number).virtual_id,
            metadata_level=MetadataLevel.FULL_ACCESS,
            file_level=FileLevel.INHERITED_ACCESS,
        )
        for number in range(1, GRANTED + 1)
    ]


def a_product(number: int) -> Product:
    """One of the products; the same number is always the same product."""
    chance = random.Random(number)
    at = FIRST + timedelta(seconds=chance.randrange(11 * 365 * 86400))
    west, south = round(chance.uniform(-180, 179), 4), round(chance.uniform(-80, 79), 4)
    titles = chance.sample(TITLES, 3)
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
        geometry={"type": "Point", "coordinates": [west, south]},
        properties={
            "title": " ".join(titles),
            "platform": chance.choice(PLATFORMS),
            "instrument": chance.choice(INSTRUMENTS),
            "cloud": round(chance.uniform(0, 100), 2),
            "orbit": chance.randrange(1, 5000),
            "datetime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": f"{chance.choice('abcdefghij')}{chance.choice(TITLES)}_{chance.randrange(100)}",
            "quality": chance.choice(QUALITIES),
        },
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
        tags=(str(dataset_urn(number % DATASETS + 1)),),
        registered_at=NOW,
        updated_at=NOW,
    )


def attribute_lines(value: Product, number: int) -> Iterator[tuple[object, ...]]:
    """Rows of ``product_attribute``, in the order of its columns."""
    for row in attribute_values(value, product_id=number):
        yield tuple(row.values())


def words_line(value: Product, number: int) -> tuple[object, ...]:
    """The row of ``product_words``."""
    return tuple(words_values(value, product_id=number).values())
