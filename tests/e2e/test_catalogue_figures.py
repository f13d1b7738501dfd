"""Facets, bounds, values, attributes, places, and several searches at once, under upstream's paths."""

import pytest

from domain.access import Role
from domain.file import DataType
from domain.rights import FileLevel
from tests.catalogue_factories import a_dataset_urn, a_group, a_product, a_right, a_urn, an_entry
from tests.e2e.service import Service
from tests.factories import NOW

pytestmark = pytest.mark.anyio

OPEN, CLOSED, HIDDEN = a_dataset_urn(1), a_dataset_urn(2), a_dataset_urn(3)
ENGINE = "/engines/legacy"


@pytest.fixture
async def service():
    service = Service()
    files = [an_entry("c1"), an_entry("c2", DataType.THUMBNAIL, file_name="scene.png")]
    datasets = [OPEN, OPEN, CLOSED, HIDDEN]
    async with service.unit_of_work() as unit:
        await unit.access.save_groups([a_group("readers", is_public=True)])
        await unit.access.save_rights([a_right("readers", OPEN), a_right("readers", CLOSED, files=FileLevel.NO_ACCESS)])
        await unit.products.save(
            [
                *(
                    a_product(
                        a_urn(number),
                        files=files,
                        datasets=[dataset],
                        label=f"Scene {number}",
                        geometry={"type": "Point", "coordinates": [number * 10, 45]},
                        properties={
                            "cloud": number * 10,
                            "platform": "A" if number < 3 else "B",
                            "at": f"2024-0{number}-01T00:00:00Z",
                            "flag": number == 1,
                        },
                    )
                    for number, dataset in enumerate(datasets, start=1)
                ),
                a_product(OPEN, label="Open scenes"),
                a_product(CLOSED, label="Closed scenes"),
                a_product(HIDDEN, label="Hidden scenes"),
            ]
        )
        await unit.commit()
    return service


async def ask(service, path, role=Role.REGISTERED_USER, **params):
    async with service.client() as client:
        headers = service.bearer(role, "alice@example.org")
        return await client.get(ENGINE + path, params=params, headers=headers)


async def post(service, path, body, role=Role.REGISTERED_USER):
    async with service.client() as client:
        return await client.post(path, json=body, headers=service.bearer(role, "alice@example.org"))


def labels(answer):
    assert answer.status_code == 200, answer.text
    return [item["content"]["label"] for item in answer.json()["content"]]


def search(q="", **more):
    return {"engineType": "legacy", "searchParameters": {"q": [q]}, **more}


async def test_facets_have_upstreams_members(service):
    asked = "properties.platform,cloud,flag"
    answer = await ask(service, "/dataobjects/search", q="label:scene", size=1, facets=[asked, "at"])

    platform, cloud, flag, at = answer.json()["facets"]
    assert platform == {
        "attributeName": "properties.platform",
        "type": "STRING",
        "values": [
            {"count": 2, "openSearchQuery": '(label:scene) AND properties.platform:"A"', "word": "A"},
            {"count": 1, "openSearchQuery": '(label:scene) AND properties.platform:"B"', "word": "B"},
        ],
        "others": 0,
    }
    assert (cloud["attributeName"], cloud["type"], set(cloud)) == (
        "cloud",
        "NUMERIC",
        {"attributeName", "type", "values"},
    )
    assert cloud["values"][0] == {
        "count": 1,
        "openSearchQuery": '(label:scene) AND properties.cloud:["10.0" TO "12.0"}',
        "lowerBound": 10.0,
        "upperBound": 12.0,
    }
    assert [(value["value"], value["count"]) for value in flag["values"]] == [(False, 2), (True, 1)]
    assert at["type"] == "DATE"
    assert at["values"][0]["lowerBound"].endswith("Z")


async def test_the_query_of_a_facet_finds_what_was_counted(service):
    params = {"q": "label:scene OR cloud:>=0", "lon": "20", "lat": "45", "r": "1200000"}
    answer = await ask(
        service, "/dataobjects/search", facets="platform,cloud,at,flag,model,version,last,nothing", **params
    )

    for facet in answer.json()["facets"]:
        for value in facet["values"]:
            narrowed = await ask(service, "/dataobjects/search", **{**params, "q": value["openSearchQuery"]})
            assert narrowed.json()["metadata"]["totalElements"] == value["count"], value
    empty = answer.json()["facets"][-1]
    assert empty == {"attributeName": "nothing", "type": "STRING", "values": [], "others": 0}


async def test_a_place_is_wkt_or_a_circle_on_the_globe(service):
    assert labels(await ask(service, "/dataobjects/search", g="POLYGON ((5 40, 25 40, 25 50, 5 50, 5 40))")) == [
        "Scene 1",
        "Scene 2",
    ]
    assert labels(await ask(service, "/dataobjects/search", g="POLYGON ((5 40, 25 40, 25 44, 5 40))")) == []
    # At 45 degrees north ten degrees of longitude are some 785 km along the great circle.
    assert labels(await ask(service, "/dataobjects/search", lon=10, lat=45, r=780_000)) == ["Scene 1"]
    assert labels(await ask(service, "/dataobjects/search", lon=10, lat=45, r=790_000)) == ["Scene 1", "Scene 2"]
    both = await ask(service, "/dataobjects/search", lon=10, lat=45, r=790_000, bbox="15,40,25,50")
    assert labels(both) == ["Scene 2"]


async def test_a_geometry_that_is_none_is_refused_with_the_reason(service):
    answer = await ask(service, "/dataobjects/search", g="POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")

    assert answer.status_code == 400
    assert "Self-intersection" in answer.json()["messages"][0]


async def test_bounds_of_properties(service):
    answer = await ask(service, "/dataobjects/search/properties/bounds", properties="cloud,properties.at,platform,no")

    assert answer.json() == [
        {"propertyName": "cloud", "type": "NUMERIC", "lowerBound": 10.0, "upperBound": 30.0},
        {
            "propertyName": "properties.at",
            "type": "DATE",
            "lowerBound": "2024-01-01T00:00:00Z",
            "upperBound": "2024-03-01T00:00:00Z",
        },
        {"propertyName": "platform", "type": None, "lowerBound": None, "upperBound": None},
        {"propertyName": "no", "type": None, "lowerBound": None, "upperBound": None},
    ]
    narrowed = await ask(service, "/dataobjects/search/properties/bounds", properties="cloud", q="platform:A")
    assert narrowed.json()[0]["upperBound"] == 20.0


async def test_values_may_be_numbers(service):
    every = await ask(service, "/dataobjects/search/properties/cloud/values")
    some = await ask(service, "/dataobjects/search/properties/cloud/values", partialText="2")
    models = await ask(service, "/dataobjects/search/properties/model/values")

    assert (every.json(), some.json(), models.json()) == (["10", "20", "30"], ["20"], ["scene"])


async def test_attributes_in_common(service):
    answer = await ask(service, "/dataobjects/search/attributes", q="platform:A")

    assert answer.json() == [
        {"name": "at", "jsonPath": "properties.at", "types": ["DATE"]},
        {"name": "cloud", "jsonPath": "properties.cloud", "types": ["NUMERIC"]},
        {"name": "flag", "jsonPath": "properties.flag", "types": ["BOOLEAN"]},
        {"name": "platform", "jsonPath": "properties.platform", "types": ["STRING"]},
    ]


async def test_datasets_of_matching_products(service):
    assert labels(await ask(service, "/dataobjects/datasets/search", q="cloud:10")) == ["Open scenes"]
    every = await ask(service, "/dataobjects/datasets/search", size=1, sort="label,DESC")
    assert labels(every) == ["Open scenes"]
    assert every.json()["metadata"] == {"size": 1, "number": 0, "totalElements": 2, "totalPages": 2}


async def test_several_searches_find_each_product_once(service):
    body = {"requests": [search("cloud:10"), search("platform:A"), search("cloud:40")], "size": 1, "page": 1}
    answer = await post(service, "/complex/search", body)

    assert labels(answer) == ["Scene 2"]
    assert answer.json()["metadata"] == {"size": 1, "number": 1, "totalElements": 2, "totalPages": 2}
    assert [link["rel"] for link in answer.json()["links"]] == ["self"]
    everything = await post(service, "/complex/search", {"requests": [search()]}, role=Role.PROJECT_ADMIN)
    assert labels(everything) == ["Scene 1", "Scene 2", "Scene 3", "Scene 4"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"datasetUrn": str(CLOSED)}, ["Scene 3"]),
        ({"entityIdsToInclude": [str(a_urn(2)), str(a_urn(4))]}, ["Scene 2"]),
        ({"entityIdsToInclude": [str(a_urn(1).virtual_id)]}, ["Scene 1"]),
        ({"entityIdsToExclude": [str(a_urn(2))]}, ["Scene 1", "Scene 3"]),
        ({"searchDateLimit": NOW.isoformat()}, ["Scene 1", "Scene 2", "Scene 3"]),
        ({"searchDateLimit": "2001-01-01T00:00:00Z"}, []),
        ({"searchParameters": {"g": ["POINT (10 45)"]}}, ["Scene 1"]),
        ({"searchParameters": {"lon": "10", "lat": "45", "r": "10", "page": "3"}}, ["Scene 1"]),
        ({"searchParameters": None, "entityIdsToInclude": None}, ["Scene 1", "Scene 2", "Scene 3"]),
    ],
)
async def test_a_search_among_several_may_be_narrowed(service, wanted, found):
    assert labels(await post(service, "/complex/search", {"requests": [search() | wanted]})) == found


async def test_a_summary_counts_files_by_type_and_protected_ones_for_those_who_may_have_them(service):
    answer = await post(service, "/complex/search/summary", {"requests": [search()]})
    some = await post(service, "/complex/search/summary", {"requests": [search()], "dataTypes": ["THUMBNAIL"]})

    assert answer.json() == {
        "products": 3,
        "isComplete": True,
        "files": 5,
        "size": 5000,
        "dataTypes": {
            "RAWDATA": {"files": 2, "size": 2000, "filesWithoutSize": 0},
            "THUMBNAIL": {"files": 3, "size": 3000, "filesWithoutSize": 0},
        },
    }
    assert some.json()["files"] == 3


async def test_attributes_of_several_searches(service):
    answer = await post(service, "/complex/search/dataobjects/attributes", {"requests": [search("cloud:10")]})

    assert [each["name"] for each in answer.json()] == ["at", "cloud", "flag", "platform"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"requests": []}, 422, "one search at least"),
        ({"requests": [search()] * 101}, 400, "at most 100"),
        ({"requests": [search(entityIdsToInclude=[str(a_urn(1))] * 1001)]}, 400, "at most 1000"),
        ({"requests": [search(entityIdsToExclude=[str(a_urn(1))] * 1001)]}, 400, "entityIdsToExclude"),
        ({"requests": [search(entityIdsToExclude=["URN:no"])]}, 400, "URN"),
        ({"requests": [search(datasetUrn=str(a_urn(1)))]}, 400, "no dataset"),
        ({"requests": [{"engineType": "opensearch"}]}, 400, "engineType"),
        ({"requests": [search("label:(")]}, 400, "character"),
        ({"requests": [search() | {"searchParameters": {"lon": "x", "lat": "1", "r": "1"}}]}, 400, "number"),
        ({"requests": [search() | {"searchParameters": {"colour": "red"}}]}, 400, "colour"),
        ({"requests": [search() | {"searchParameters": {"q": ["a:1", "b:2"]}}]}, 400, "2 times"),
        ({"requests": [search("a:1 AND " * 19 + f"b:{n}") for n in range(60)]}, 400, "at most 1000"),
        ({"requests": [search(searchDateLimit="0001-01-01T00:00:00+10:00")]}, 400, "years"),
        ({}, 400, "requests"),
        ({"requests": [search()], "dataTypes": ["NONE"]}, 400, "NONE"),
    ],
)
async def test_what_is_too_much_or_cannot_be_read_is_refused_with_the_reason(service, body, status, said):
    for path in ("/complex/search", "/complex/search/dataobjects/attributes", "/complex/search/summary"):
        answer = await post(service, path, body)

        assert answer.status_code == status, answer.text
        assert said in answer.text


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("/dataobjects/search", {"facets": "a..b"}, "field"),
        ("/dataobjects/search", {"facets": "geometry"}, "geometry"),
        ("/dataobjects/search", {"facets": ",".join(f"f{n}" for n in range(21))}, "at most 20"),
        ("/dataobjects/search", {"facets": "platform", "q": "label:scene OR a:" + "b" * 4070}, "narrow"),
        ("/dataobjects/search/properties/bounds", {}, "properties"),
        ("/dataobjects/search/properties/bounds", {"properties": ","}, "properties"),
        ("/dataobjects/search/properties/bounds", {"properties": "version"}, "version"),
        ("/dataobjects/search/properties/cloud/values", {"g": "POINT"}, "WKT"),
    ],
)
async def test_figures_that_cannot_be_asked_for_are_400(service, path, params, said):
    answer = await ask(service, path, **params)

    assert answer.status_code == 400
    assert said in answer.text


async def test_who_sees_nothing_is_told_of_nothing(service):
    async with service.unit_of_work() as unit:
        await unit.access.save_groups([a_group("readers", is_public=False)])
        await unit.commit()

    page = (await ask(service, "/dataobjects/search", facets="platform")).json()
    assert (page["content"], page["facets"][0]["values"]) == ([], [])
    assert (await ask(service, "/dataobjects/search/attributes")).json() == []
    assert (await ask(service, "/dataobjects/search/properties/cloud/values")).json() == []
    summary = (await post(service, "/complex/search/summary", {"requests": [search()]})).json()
    assert (summary["products"], summary["dataTypes"]) == (0, {})
