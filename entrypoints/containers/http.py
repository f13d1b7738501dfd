"""The container of the HTTP server; a module of its own, so that commands need not load a web framework."""

from collections.abc import Callable
from typing import Any

from dependency_injector import containers, providers

from adapters.http.authentication import Authenticator, KnownTenants
from adapters.http.catalogue.downloads import FrontDoor
from adapters.http.oauth import OAuthClient
from adapters.security.external import ExternalTokens
from adapters.security.key_sets import KeySets
from application.use_cases.deliver_file import DeliverFile
from domain.profile import relays
from entrypoints.containers.adapters import Adapters
from entrypoints.containers.use_cases import UseCases
from entrypoints.settings import Settings

_one = providers.Singleton


def _who_delivers(settings: Settings, here: DeliverFile, there: DeliverFile) -> DeliverFile:
    """A front door alone has other instances deliver."""
    return there if relays(settings.active_profiles) else here


class HTTPContainer(containers.DeclarativeContainer):
    """The HTTP server."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)
    key_sets = _one(KeySets, adapters.clock)
    external_tokens = _one(ExternalTokens, adapters.unit_of_work.provider, key_sets, adapters.clock)
    known_tenants = _one(KnownTenants, use_cases.list_tenants, use_cases.list_maintenance, adapters.clock)
    oauth_client = _one(OAuthClient, settings.provided.oauth_client_credentials)
    deliver_file = _one(_who_delivers, settings, use_cases.open_download, use_cases.relay_download)
    front_door = _one(FrontDoor, use_cases.decide_access, deliver_file)
    authenticator = _one(
        Authenticator,
        adapters.tokens,
        known_tenants,
        external=external_tokens,
        reads_token_in_url=settings.provided.token_in_url,
    )


def use_cases_of(container: HTTPContainer) -> dict[str, Callable[[], Any]]:
    """The providers of use cases by name, without what only use cases need."""
    found: Any = container.use_cases.providers
    return {
        name: provider
        for name, provider in found.items()
        if isinstance(provider, providers.Singleton) and provider.cls.__module__.startswith("application.use_cases.")
    }
