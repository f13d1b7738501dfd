"""Names in addresses."""

from litestar.exceptions import ValidationException

from domain.errors import InvalidValue
from domain.urn import EntityType, Urn

PRODUCT_EXAMPLE = "URN:AIP:DATA:demo:2ccaa2e6-0c7a-4a3c-8e0d-3a5f2b1c9d10:V1"
DATASET_VERSION_EXAMPLE = "URN:AIP:DATASET:demo:7f1d3c52-5f0e-4d39-9a58-0a0f0c1f2e11:V1"
DATASET_EXAMPLE = "URN:AIP:DATASET:demo:7f1d3c52-5f0e-4d39-9a58-0a0f0c1f2e11:LAST"


def urn_of(text: str) -> Urn:
    """The URN in an address. Raises ``ValidationException`` (400) for a text that is none."""
    try:
        return Urn.parse(text)
    except InvalidValue as error:
        raise ValidationException(str(error)) from error


def dataset_of(text: str | None) -> Urn | None:
    """The dataset in an address, in all its versions; ``None`` when none is named."""
    if text is None:
        return None
    return version_of_dataset(text).virtual_id


def version_of_dataset(text: str) -> Urn:
    """The dataset in an address, in the version that is named."""
    urn = urn_of(text)
    if urn.entity_type is not EntityType.DATASET:
        raise ValidationException(f"{urn} names no dataset.")
    return urn
