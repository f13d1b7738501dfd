"""What several searches at once ask for, and how much of it there may be."""

import pytest

from domain.errors import InvalidValue
from domain.product_selection import MOST_NAMED, MOST_SELECTIONS, ProductSelection, in_any
from domain.search import EVERYTHING, AllOf, AnyOf, Equals, Field, Not, QueryInvalid
from tests.catalogue_factories import a_dataset_urn, a_product, a_urn
from tests.factories import NOW
from tests.search_reference import fits

RED = Equals(Field("a"), "red")


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (ProductSelection(criterion=EVERYTHING), [1, 2, 3]),
        (ProductSelection(criterion=RED), [1, 2]),
        (ProductSelection(criterion=RED, dataset=a_dataset_urn(1)), [1]),
        (ProductSelection(criterion=RED, included=(a_urn(2), a_urn(3))), [2]),
        (ProductSelection(criterion=EVERYTHING, included=(a_urn(1), a_urn(3).virtual_id)), [1, 3]),
        (ProductSelection(criterion=EVERYTHING, excluded=(a_urn(1), a_urn(9))), [2, 3]),
        (ProductSelection(criterion=EVERYTHING, known_by=NOW), [1, 2, 3]),
        (ProductSelection(criterion=EVERYTHING, known_by=NOW.replace(year=2001)), []),
    ],
)
def test_a_selection_narrows_what_its_query_finds(selection, found):
    products = [
        a_product(a_urn(1), properties={"a": "red"}, datasets=[a_dataset_urn(1)]),
        a_product(a_urn(2), properties={"a": "red"}),
        a_product(a_urn(3)),
    ]

    assert [product.urn.uuid.int for product in products if fits(in_any([selection]), product)] == found


def test_what_any_of_several_searches_asks_is_found():
    blue = ProductSelection(criterion=Equals(Field("a"), "blue"), excluded=(a_urn(1),))
    red = ProductSelection(criterion=RED)

    assert in_any([red, blue, red]) == AnyOf((RED, blue.found))
    assert isinstance(blue.found, AllOf)
    assert isinstance(blue.found.criteria[1], Not)


@pytest.mark.parametrize("name", ["included", "excluded"])
def test_a_selection_names_so_many_products_at_most(name):
    ProductSelection(criterion=EVERYTHING, **{name: (a_urn(1),) * MOST_NAMED})
    with pytest.raises(QueryInvalid, match="1001 products; one request names at most 1000"):
        ProductSelection(criterion=EVERYTHING, **{name: (a_urn(1),) * (MOST_NAMED + 1)})


def test_there_are_one_to_a_hundred_searches_with_so_many_criteria_in_all():
    with pytest.raises(InvalidValue, match="one search at least"):
        in_any([])
    with pytest.raises(QueryInvalid, match="at most 100"):
        in_any([ProductSelection(criterion=RED)] * (MOST_SELECTIONS + 1))
    large = [ProductSelection(criterion=AllOf((Equals(Field("a"), str(n)),) * 10)) for n in range(91)]
    with pytest.raises(QueryInvalid, match="1002 criteria in all"):
        in_any(large)
    in_any(large[:90])
