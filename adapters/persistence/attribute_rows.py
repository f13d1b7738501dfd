"""What searches look at, as rows."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from domain.attributes import attributes_of, words_by_path
from domain.product import Product

_DIGEST_LENGTH = 12


def attribute_values(value: Product, *, product_id: int) -> list[dict[str, object]]:
    """The attributes of a product as rows."""
    return [
        {
            "product_id": product_id,
            "path": found.path,
            "ordinal": found.ordinal,
            "tenant": value.tenant,
            "kind": found.kind.value,
            "text_value": found.text,
            "folded": found.folded,
            "number_value": found.number,
            "instant_value": found.instant,
        }
        for found in attributes_of(value)
    ]


def words_values(value: Product, *, product_id: int) -> dict[str, object]:
    """The words of a product as a row."""
    noted = [noted_words(value.tenant, path, words) for path, words in words_by_path(value).items()]
    return {"rowid": product_id, "words": " ".join(sorted(word for words in noted for word in words))}


def noted_words(tenant: str, path: str, words: Iterable[str]) -> list[str]:
    """Words as they are noted and looked for: led by a digest of where they stand."""
    digest = _digest(tenant, path)
    return [digest + word for word in words]


@lru_cache(maxsize=4096)
def _digest(tenant: str, path: str) -> str:
    return hashlib.sha256(f"{tenant}\x00{path}".encode()).hexdigest()[:_DIGEST_LENGTH]
