"""What a process is there for."""

from itertools import combinations

import pytest

from adapters.http.profiles import route_handlers_of
from domain.errors import InvalidValue
from domain.profile import EVERY_PROFILE, Profile, profiles_of, relays

EVERY_CHOICE = [frozenset(some) for count in (1, 2, 3) for some in combinations(Profile, count)]


def test_profiles_are_named_in_any_order_and_as_often_as_one_likes():
    assert profiles_of(["storage", "catalog", "storage"]) == {Profile.CATALOG, Profile.STORAGE}


@pytest.mark.parametrize("names", [[], ["catalogue"], ["catalog", ""], ["CATALOG"]])
def test_a_process_without_a_purpose_or_with_an_unknown_one_does_not_start(names):
    with pytest.raises(InvalidValue, match="catalog, downloader, storage"):
        profiles_of(names)


@pytest.mark.parametrize("profiles", EVERY_CHOICE)
def test_only_a_front_door_without_downloader_has_others_deliver(profiles):
    assert relays(profiles) is (profiles in ({Profile.CATALOG}, {Profile.CATALOG, Profile.STORAGE}))


@pytest.mark.parametrize("profiles", EVERY_CHOICE)
def test_the_routes_of_several_profiles_are_those_of_each_and_none_comes_twice(profiles):
    found = route_handlers_of(profiles)
    of_each = {id(handler) for profile in profiles for handler in route_handlers_of(frozenset({profile}))}

    assert len(found) == len({id(handler) for handler in found})
    assert {id(handler) for handler in found} == of_each


def test_no_route_module_is_forgotten():
    """Every handler of ``adapters.http`` belongs to a profile: a new module that is in none would be no service."""
    import importlib
    import pkgutil

    from litestar.handlers import HTTPRouteHandler

    import adapters.http

    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(adapters.http.__path__, "adapters.http.")
    ]
    written = {
        id(value): f"{module.__name__}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, HTTPRouteHandler)
    }
    served = {id(handler) for handler in route_handlers_of(EVERY_PROFILE)}

    assert [name for key, name in written.items() if key not in served] == []
