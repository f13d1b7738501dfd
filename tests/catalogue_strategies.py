"""Hypothesis strategies for catalogued things: few names, so that they meet often."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from domain.access import Role
from domain.file import DataType
from domain.licence import Licence, LicenceState
from domain.product import FileEntry, Product
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import EntityType, Ident, Urn
from tests.catalogue_factories import a_caller, a_dataset_urn, a_licence, a_urn, an_acceptance
from tests.factories import ALICE, BOB, TENANT

TENANTS = st.sampled_from([TENANT, "other"])
GROUPS = st.sampled_from(["readers", "writers", "public_group"])
CHECKSUMS = st.sampled_from(["c1", "c2", "C1", "c3"])

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "C", "Z"]), min_size=1, max_size=12)

urns = st.builds(
    Urn,
    ident=st.sampled_from(Ident),
    entity_type=st.sampled_from(EntityType),
    tenant=_PRINTABLE.map(lambda text: text.replace(":", "_")),
    uuid=st.uuids(),
    version=st.none() | st.integers(1, 999),
    order=st.none() | st.integers(0, 10**6),
    revision=st.none() | _PRINTABLE,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(TEXTS, json_values, max_size=4)

_LONGITUDES, _LATITUDES = st.floats(-180, 180), st.floats(-90, 90)
_POSITIONS = st.tuples(_LONGITUDES, _LATITUDES).map(list)
geometries = st.none() | st.one_of(
    _POSITIONS.map(lambda position: {"type": "Point", "coordinates": position}),
    st.lists(_POSITIONS, min_size=2, max_size=5).map(lambda line: {"type": "LineString", "coordinates": line}),
    st.lists(_POSITIONS, min_size=3, max_size=5).map(
        lambda ring: {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    ),
)

entries = st.builds(
    FileEntry,
    data_type=st.sampled_from(DataType),
    file_name=TEXTS,
    media_type=st.sampled_from(["image/tiff", "text/plain"]),
    checksum=CHECKSUMS,
    algorithm=st.sampled_from(["MD5", "SHA-256"]),
    size_bytes=st.none() | st.integers(0, 2**62),
    image_width=st.none() | st.floats(0, 1e6),
    image_height=st.none() | st.floats(0, 1e6),
    types=st.lists(TEXTS, max_size=2).map(tuple),
    crc32=st.none() | st.just("cbf43926"),
    additional_fields=json_objects,
)
references = st.builds(
    FileEntry,
    data_type=st.sampled_from(DataType),
    file_name=TEXTS,
    media_type=st.just("text/html"),
    checksum=st.none() | CHECKSUMS,
    is_reference=st.just(True),
    uri=st.just("https://elsewhere.example.org/a file"),
)

dataset_urns = st.builds(a_dataset_urn, st.integers(1, 3), tenant=TENANTS, version=st.none() | st.integers(1, 2))
product_urns = st.builds(
    a_urn,
    st.integers(1, 3),
    entity_type=st.sampled_from(EntityType),
    tenant=TENANTS,
    version=st.integers(1, 3),
    ident=st.sampled_from(Ident),
)
_INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone

products = st.builds(
    Product,
    urn=product_urns | dataset_urns.filter(lambda urn: not urn.is_last),
    provider_id=TEXTS,
    label=TEXTS,
    model=TEXTS,
    geometry=geometries,
    properties=json_objects,
    files=st.lists(entries | references, max_size=4).map(tuple),
    tags=st.lists(dataset_urns.map(str) | st.sampled_from(["blue", "é"]), max_size=4, unique=True).map(tuple),
    session=st.none() | TEXTS,
    session_owner=st.none() | TEXTS,
    is_last=st.booleans(),
    registered_at=_INSTANTS,
    updated_at=_INSTANTS,
)

rights = st.builds(
    lambda group, dataset, metadata, files: AccessRight(
        tenant=dataset.tenant, group=group, dataset=dataset.virtual_id, metadata_level=metadata, file_level=files
    ),
    GROUPS,
    dataset_urns,
    st.sampled_from(MetadataLevel),
    st.sampled_from(FileLevel),
)
callers = st.builds(a_caller, st.sampled_from(Role), groups=st.lists(GROUPS, max_size=2), tenant=TENANTS)


@st.composite
def licence_states(draw: st.DrawFn) -> LicenceState:
    """Licences of the tenant and of some datasets, and acceptances of these and of earlier ones."""
    tenant = draw(TENANTS)
    whole: Licence | None = draw(st.none() | st.builds(lambda text: a_licence(text=text, tenant=tenant), TEXT_NAMES))
    numbers = draw(st.lists(st.integers(1, 3), unique=True))
    own = tuple(
        a_licence(a_dataset_urn(number, tenant=tenant), text=draw(TEXT_NAMES), tenant=tenant) for number in numbers
    )
    candidates = [*own, *([whole] if whole else []), a_licence(text="old", tenant=tenant)]
    accepted = draw(st.lists(st.sampled_from(candidates), unique=True))
    emails = st.sampled_from([ALICE.email, BOB.email])
    return LicenceState(
        tenant_licence=whole,
        dataset_licences=own,
        acceptances=tuple(an_acceptance(licence, draw(emails)) for licence in accepted),
    )


TEXT_NAMES = st.sampled_from(["1", "2"])
