"""URNs: the grammar, the one canonical text, and what is refused with which words."""

from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.urn import EntityType, Ident, Urn
from tests.catalogue_factories import a_urn
from tests.catalogue_strategies import urns

UUID_TEXT = "00000000-0000-0000-0000-000000000001"
PLAIN = f"URN:AIP:DATA:p1:{UUID_TEXT}:V1"


@given(urns)
def test_what_is_written_is_read_back(urn):
    assert Urn.parse(str(urn)) == urn


@given(st.text(max_size=80) | st.text(alphabet="URN:AIPDTSELV019,-abcf", max_size=80))
def test_any_text_is_read_or_refused_as_invalid(text):
    try:
        urn = Urn.parse(text)
    except InvalidValue:
        return
    assert Urn.parse(str(urn)) == urn


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (PLAIN, PLAIN),
        (f"URN:FEATURE:DATASET:a b:{UUID_TEXT.upper()}:V012", f"URN:FEATURE:DATASET:a b:{UUID_TEXT}:V12"),
        (f"URN:SIP:COLLECTION:p1:{UUID_TEXT}:LAST", f"URN:SIP:COLLECTION:p1:{UUID_TEXT}:LAST"),
        (f"URN:DIP:DATA:p1:{UUID_TEXT}:V999,007:REV1:b", f"URN:DIP:DATA:p1:{UUID_TEXT}:V999,7:REV1:b"),
        (f"URN:AIP:DATA:p1:{UUID_TEXT}:V1:REVx", f"URN:AIP:DATA:p1:{UUID_TEXT}:V1:REVx"),
    ],
)
def test_the_canonical_text(text, canonical):
    assert str(Urn.parse(text)) == canonical


def test_every_part_is_read():
    urn = Urn.parse(f"URN:AIP:DATA:p1:{UUID_TEXT}:V3,2:REVa")

    assert urn == Urn(
        ident=Ident.AIP,
        entity_type=EntityType.DATA,
        tenant="p1",
        uuid=UUID(UUID_TEXT),
        version=3,
        order=2,
        revision="a",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        PLAIN.lower(),
        PLAIN.removeprefix("URN:"),
        PLAIN + "\n",
        PLAIN.replace("V1", "V0"),
        PLAIN.replace("V1", "V1000"),
        PLAIN.replace("V1", "V"),
        PLAIN.replace("V1", "V-1"),
        PLAIN.replace("V1", "V\u0661"),
        PLAIN.replace("V1", "last"),
        PLAIN + ",",
        PLAIN + ",x",
        PLAIN + ":REV",
        PLAIN + ":REV\x00",
        PLAIN + ":REV\ud800",
        PLAIN.replace("AIP", "XIP"),
        PLAIN.replace("DATA", "FILE"),
        PLAIN.replace("p1", ""),
        PLAIN.replace("p1", "p\x001"),
        PLAIN.replace(UUID_TEXT, "1-1-1-1-1"),
        PLAIN.replace(UUID_TEXT, UUID_TEXT.replace("-", "")),
        PLAIN.replace(UUID_TEXT, "{" + UUID_TEXT[:-2] + "}"),
        PLAIN.replace("p1", "p" * 255),
        f"URN:FEATURE:DATA:{'p' * 80}:{UUID_TEXT}:V1",
        "URN:" * 100_000,
    ],
)
def test_what_is_no_urn_is_refused(text):
    with pytest.raises(InvalidValue):
        Urn.parse(text)


@pytest.mark.parametrize(("ident", "most"), [(Ident.AIP, 255), (Ident.FEATURE, 132)])
def test_the_length_is_limited_by_the_ident(ident, most):
    rest = len(str(a_urn(ident=ident, tenant="p"))) - 1

    assert len(str(a_urn(ident=ident, tenant="p" * (most - rest)))) == most
    with pytest.raises(InvalidValue, match=str(most)):
        a_urn(ident=ident, tenant="p" * (most - rest + 1))


@given(urns)
def test_all_versions_share_one_virtual_id(urn):
    assert urn.virtual_id.is_last
    assert urn.virtual_id.virtual_id == urn.virtual_id
    assert attrs.evolve(urn, version=7, order=3, revision="b" if len(str(urn)) < 100 else None).virtual_id == (
        urn.virtual_id
    )


def test_versions_sort_by_number_and_then_by_order_and_revision():
    ages = [
        Urn.parse(f"{PLAIN[:-1]}{end}").age for end in ("1", "1:REVa", "1,0", "1,2", "1,10", "2", "2:REVb", "10", "999")
    ]

    assert sorted(ages) == ages
