"""Every error has an answer of its own, and every answer leads to an explanation."""

import importlib
import pkgutil
from http import HTTPStatus

import pytest

import application
import domain
from adapters.http.problems import ERRORS, KINDS, REFUSALS, kind_of
from application.errors import PortError, StorageUnavailable
from domain.errors import DomainError
from domain.quota import Refusal


def descendants(base: type) -> list[type]:
    return [found for child in base.__subclasses__() for found in (child, *descendants(child))]


@pytest.fixture(scope="module", autouse=True)
def every_module_is_imported() -> None:
    for package in (domain, application):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


@pytest.mark.parametrize("base", [DomainError, PortError])
def test_every_error_of_the_rules_and_the_ports_has_a_row(base):
    ours = {error for error in descendants(base) if error.__module__.startswith(("domain.", "application."))}

    missing = {error.__name__ for error in ours - ERRORS.keys()}

    assert missing == set()


def test_every_refusal_has_a_row():
    assert set(Refusal.__args__) == REFUSALS.keys()


def test_every_error_has_a_code_of_its_own():
    errors = [*descendants(DomainError), *descendants(PortError)]
    codes = [error.code for error in errors if error in ERRORS]

    assert len(set(codes)) == len(codes)


def test_a_row_has_the_code_of_its_error():
    assert all(kind.code == error.code for error, kind in ERRORS.items())


def test_an_error_of_a_plugin_is_answered_like_its_ancestor():
    class TapeJammed(StorageUnavailable):
        code = "tape-jammed"

    assert kind_of(TapeJammed()).code == "storage-unavailable"


def test_an_error_without_any_ancestor_in_the_table_is_internal():
    assert kind_of(DomainError()).code == "internal-error"


TENANT_IN_MAINTENANCE = 515
"""Upstream's own status; no registry knows it."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_kind_has_a_status_a_title_and_advice(kind):
    assert kind.status in {*HTTPStatus, TENANT_IN_MAINTENANCE}
    assert 400 <= kind.status < 600
    assert kind.title
    assert kind.explanation
    assert kind.retry_after is None or kind.status in {HTTPStatus.SERVICE_UNAVAILABLE, TENANT_IN_MAINTENANCE}


def test_every_unavailability_says_when_to_come_back():
    assert all(kind.retry_after for kind in KINDS.values() if kind.status == HTTPStatus.SERVICE_UNAVAILABLE)
