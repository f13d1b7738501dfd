"""Catalogued products and the files they list (contract-catalog sections 3.2 and 3.3)."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import attrs

from domain.coverage import BoundingBox, TimeSpan, bounding_box, time_span
from domain.errors import InvalidValue
from domain.file import LONGEST_KEY, DataType
from domain.plain_json import require_plain_json
from domain.text import is_storable
from domain.urn import EntityType, Urn

LONGEST_TEXT = 1024
"""Characters of a name, a label or a tag: longer ones are content, which belongs into the properties."""
MOST_FILES = 10_000
MOST_TAGS = 1_000

PUBLIC_TYPES = frozenset(
    {
        DataType.QUICKLOOK_SD,
        DataType.QUICKLOOK_MD,
        DataType.QUICKLOOK_HD,
        DataType.THUMBNAIL,
        DataType.DESCRIPTION,
    }
)
"""Files of these types are for everybody who sees the product: no licence, no data right, no quota (1.8)."""


def _text(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_storable(value) or len(value) > LONGEST_TEXT:
        raise InvalidValue(f"{attribute.name} must be a text of 1 to {LONGEST_TEXT} characters of valid Unicode.")


def _key(instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    _text(instance, attribute, value)
    if len(value.encode()) > LONGEST_KEY:
        raise InvalidValue(f"{attribute.name} must be a text of at most {LONGEST_KEY} bytes of UTF-8.")


def _segment(instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    """As for files: a checksum is a segment of every URL that leads to the file."""
    _key(instance, attribute, value)
    if "/" in value or value in {".", ".."}:
        raise InvalidValue(f"{attribute.name} must fit into one segment of a URL: no '/', and neither '.' nor '..'.")


def _json(_instance: object, attribute: "attrs.Attribute[object]", value: object) -> None:
    require_plain_json(value, attribute.name)


_MOST_PIXELS = 2.0**53

_OPTIONAL_TEXT = attrs.validators.optional(_text)


@attrs.frozen(kw_only=True)
class FileEntry:
    """One file that a product lists. What is stored of it is known by its checksum alone.

    ``checksum`` may be missing on a reference. ``uri`` is where a reference lies; that of our own files is made when it
    is asked for, since it depends on the address of the service. Whether a file is online is not noted here either.
    """

    data_type: DataType
    file_name: str = attrs.field(validator=_text)
    media_type: str = attrs.field(validator=_text)
    checksum: str | None = attrs.field(default=None, validator=attrs.validators.optional(_segment))
    algorithm: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    size_bytes: int | None = None
    is_reference: bool = False
    uri: str | None = None
    image_width: float | None = None
    image_height: float | None = None
    types: tuple[str, ...] = ()
    crc32: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    additional_fields: Mapping[str, object] = attrs.field(factory=dict, validator=_json, hash=False)

    def __attrs_post_init__(self) -> None:
        if self.uri is not None and not is_storable(self.uri):
            raise InvalidValue("The uri of a file must be a text of valid Unicode.")
        if self.size_bytes is not None and not 0 <= self.size_bytes < 2**63:
            raise InvalidValue("The size of a file must be a number of bytes that is not negative.")
        for number in (self.image_width, self.image_height):
            # Also refuses what no database holds: NaN, and whole numbers of hundreds of digits.
            if number is not None and not -_MOST_PIXELS < number < _MOST_PIXELS:
                raise InvalidValue("The width and the height of an image must be numbers of pixels.")
        for label in self.types:
            if not is_storable(label) or len(label) > LONGEST_TEXT:
                raise InvalidValue(f"A label among types must be a text of 1 to {LONGEST_TEXT} characters.")
        if self.is_reference and self.uri is None:
            raise InvalidValue(f"The reference {self.file_name!r} has no uri to follow.")
        if not self.is_reference and self.checksum is None:
            raise InvalidValue(f"The file {self.file_name!r} has no checksum, by which its bytes would be found.")

    @property
    def is_public(self) -> bool:
        """Whether it is for everybody who sees the product."""
        return self.data_type in PUBLIC_TYPES


@attrs.frozen(kw_only=True, slots=False)
class Product:
    """One version of a catalogued thing: data, a dataset or a collection.

    ``tags`` are as given; those that name a dataset of the same tenant make the product part of it, in all the
    dataset's versions. ``is_last`` is kept by the catalogue: whether no newer version is known.
    """

    urn: Urn
    provider_id: str = attrs.field(validator=_key)
    label: str = attrs.field(validator=_text)
    model: str = attrs.field(validator=_key)
    geometry: Mapping[str, object] | None = None
    properties: Mapping[str, object] = attrs.field(factory=dict, validator=_json)
    files: tuple[FileEntry, ...] = ()
    tags: tuple[str, ...] = ()
    session: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    session_owner: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    is_last: bool = True
    registered_at: datetime
    updated_at: datetime

    def __attrs_post_init__(self) -> None:
        if self.urn.is_last:
            raise InvalidValue("A product has a version: LAST names whichever is newest, and cannot be stored.")
        if len(self.files) > MOST_FILES or len(self.tags) > MOST_TAGS:
            raise InvalidValue(f"A product lists at most {MOST_FILES} files and {MOST_TAGS} tags.")
        for tag in self.tags:
            if not is_storable(tag) or len(tag) > LONGEST_TEXT:
                raise InvalidValue(f"A tag is a text of 1 to {LONGEST_TEXT} characters.")
        require_plain_json(self.geometry, "geometry")
        # Both are computed here, so that what cannot be computed is refused.
        _ = self.bounding_box, self.dataset_ids

    @property
    def tenant(self) -> str:
        """Whose product it is."""
        return self.urn.tenant

    @property
    def entity_type(self) -> EntityType:
        """Data, dataset or collection."""
        return self.urn.entity_type

    @property
    def virtual_id(self) -> Urn:
        """The name that all versions share."""
        return self.urn.virtual_id

    @property
    def version(self) -> int:
        """The number of this version."""
        return self.urn.version or 0

    @cached_property
    def dataset_ids(self) -> tuple[Urn, ...]:
        """The virtual ids of the datasets that it is part of, each once."""
        return tuple(dict.fromkeys(dataset for tag in self.tags if (dataset := self._dataset(tag)) is not None))

    @cached_property
    def bounding_box(self) -> BoundingBox | None:
        """The box around its geometry."""
        return bounding_box(self.geometry)

    @property
    def time_span(self) -> TimeSpan | None:
        """When it was measured, if its properties say so in STAC's words."""
        return time_span(self.properties)

    def entries_of(self, checksum: str) -> tuple[FileEntry, ...]:
        """The files with exactly this checksum, usually one. A file without a checksum is never among them."""
        return tuple(entry for entry in self.files if entry.checksum == checksum)

    def is_same_as(self, other: "Product") -> bool:
        """Whether both say the same; when it was written, and which version is newest, is not what they say."""
        return self == attrs.evolve(
            other, is_last=self.is_last, registered_at=self.registered_at, updated_at=self.updated_at
        )

    def _dataset(self, tag: str) -> Urn | None:
        if not tag.startswith("URN:") or f":{EntityType.DATASET}:" not in tag:
            return None
        try:
            urn = Urn.parse(tag)
        except InvalidValue as error:
            # A misspelt dataset would otherwise cost rights without a word.
            raise InvalidValue(f"The tag {tag!r} looks like a dataset, but is none: {error}") from error
        return urn.virtual_id if urn.tenant == self.tenant and urn.entity_type is EntityType.DATASET else None
