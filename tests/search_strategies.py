"""Hypothesis strategies for searches: few values, so that criteria meet products."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from domain.search import (
    AllOf,
    AnyOf,
    Between,
    Equals,
    Exists,
    Field,
    FitsExpression,
    HasWords,
    InDataset,
    IsOneOf,
    IsVersionOf,
    KnownBy,
    Like,
    Not,
    Overlaps,
    Sorting,
    Touches,
)
from domain.urn import EntityType
from tests.catalogue_factories import a_dataset_urn, a_product, a_urn, an_entry
from tests.factories import NOW

WORDS = (
    "red",
    "Red",
    "RED",
    "dark",
    "Été",
    "e\u0301te\u0301",
    "ŒUVRE",
    "straße",
    "STRASSE",
    "ﬁn",
    "3",
    "x_y%",
    "*",
    "",
    "12",
)
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join) | st.sampled_from(
    [
        "2020-01-01T00:00:00Z",
        "2020-06-15T12:00:00+02:00",
        "2020-06-15",
        "true",
        "3.0",
        "x" * 250,
        "x" * 250 + " red",
        "'",
    ]
)
NUMBERS = st.sampled_from([0, 3, 3.0, -2.5, 12, 10**18, 1e-300, 2**53 + 1])
VALUES = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
PATHS = ("a", "b", "deep.er", "été")
FIELDS = st.sampled_from(
    [
        *(Field(path) for path in PATHS),
        *(Field(path) for path in PATHS),
        *(
            Field(name)
            for name in ("label", "tags", "rawdata", "model", "id", "providerId", "version", "last", "geometry")
        ),
    ]
)
_properties = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES | st.lists(VALUES, max_size=3),
        "b": VALUES,
        "deep": st.fixed_dictionaries({}, optional={"er": VALUES | st.lists(VALUES, max_size=2)}),
        "été": VALUES,
        "label": VALUES,
        "datetime": st.sampled_from(["2020-01-01T00:00:00Z", "2021-05-05T05:05:05.000001Z", "no"]),
    },
)
_PLACES = st.sampled_from([-180, -10.5, 0, 10, 179.999, 180])
_HEIGHTS = st.sampled_from([-90, -10.5, 0, 10])
_geometries = st.none() | st.lists(st.tuples(_PLACES, _HEIGHTS).map(list), min_size=2, max_size=3).map(
    lambda line: {"type": "LineString", "coordinates": line}
)
_datasets = st.lists(st.integers(1, 3).map(a_dataset_urn), max_size=2, unique=True)


@st.composite
def searched_products(draw):
    kind = draw(st.sampled_from(EntityType))
    number = draw(st.integers(1, 30))
    urn = a_dataset_urn(number % 3 + 1) if kind is EntityType.DATASET else a_urn(number, entity_type=kind)
    return a_product(
        urn,
        label=draw(TEXTS.filter(bool)),
        properties=draw(_properties),
        geometry=draw(_geometries),
        files=[an_entry(file_name=draw(st.sampled_from(["scene.tif", "Red 3.nc"])))] if draw(st.booleans()) else [],
        datasets=draw(_datasets),
        tags=draw(st.lists(st.sampled_from(["red", "Red", "dark red"]), max_size=2, unique=True)),
    )


PATTERNS = st.lists(
    st.sampled_from(["*", "?", "r", "E", "é", "x", "_", "%", "\\*", "\\", "3", "["]), min_size=1, max_size=4
).map("".join)
EXPRESSIONS = st.sampled_from(
    [
        "r.*",
        ".*[Rr]ed.*",
        "(red|dark)( .*)?",
        "\\w+",
        "[^r]+",
        "x{2,}",
        "x*",
        "É.*",
        ".{5}",
        "",
        "[a-z ]+",
        "3\\.0",
        "^.*d$",
    ]
)
BOUNDS = st.sampled_from(
    [None, "0", "3", "-2.5", "1e18", "2020-01-01", "2020-06-15", "2020-06-15T10:00:00Z", "red", "RED", "z", "É", "*"]
)
_texts = (
    TEXTS
    | NUMBERS.map(str)
    | st.sampled_from(["true", "false", "scene", "scene.tif", str(a_urn(1)), "provider-1", "1"])
)
_INSTANTS = st.none() | st.sampled_from([datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)])

_leaves = st.one_of(
    st.builds(Equals, FIELDS, _texts),
    st.builds(HasWords, FIELDS, _texts),
    st.builds(Like, FIELDS, PATTERNS | st.sampled_from(["URN:AIP:*:V1", "*red*", "provider-?", "PROVIDER*"])),
    st.builds(FitsExpression, FIELDS, EXPRESSIONS),
    st.builds(
        Between,
        field=FIELDS,
        lower=BOUNDS,
        upper=BOUNDS,
        includes_lower=st.booleans(),
        includes_upper=st.booleans(),
    ),
    st.builds(Exists, FIELDS),
    st.builds(Touches, west=_PLACES, east=_PLACES, south=st.just(-10.5), north=st.sampled_from([-10.5, 0, 90])),
    st.builds(
        lambda start, end: Overlaps(start=start, end=end if start is None or end is None or start <= end else None),
        _INSTANTS,
        _INSTANTS,
    ),
    st.builds(IsOneOf, st.lists(st.integers(1, 30).map(a_urn), max_size=4).map(tuple)),
    st.builds(IsVersionOf, st.lists(st.integers(1, 30).map(lambda n: str(a_urn(n).virtual_id)), max_size=4).map(tuple)),
    st.builds(InDataset, st.integers(1, 3).map(a_dataset_urn)),
    st.builds(KnownBy, st.sampled_from([NOW, NOW - timedelta(seconds=1)])),
)
criteria = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=5,
)
sortings = st.lists(st.builds(Sorting, field=FIELDS, is_descending=st.booleans()), max_size=2).map(tuple)
