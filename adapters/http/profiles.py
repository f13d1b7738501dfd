"""Which routes a process has: those of its profiles, and a few that every process has (docs/operations.md)."""

from typing import Any

from adapters.http import (
    availability,
    catalogue,
    downloads,
    files,
    health,
    issuers,
    maintenance,
    oauth,
    plugins,
    problem_pages,
    quota,
    restorations,
    settings,
    stac,
    storages,
    tenants,
    tickets,
    transfers,
    users,
)
from domain.profile import Profile

_EVERYWHERE = (
    *problem_pages.route_handlers,
    *health.route_handlers,
    # Whoever believes a token can also give one: nobody needs another process to begin with.
    *oauth.route_handlers,
)

_SHARED: tuple[tuple[frozenset[Profile], tuple[Any, ...]], ...] = (
    (
        # A ticket is a link for somebody outside, who reaches the front door and nothing else.
        frozenset({Profile.CATALOG, Profile.DOWNLOADER}),
        downloads.by_ticket,
    ),
    (
        # Users see how far their own quota is used, what runs on it, and what became of what they asked to be restored.
        frozenset({Profile.CATALOG, Profile.DOWNLOADER}),
        (*quota.of_oneself, *transfers.route_handlers),
    ),
    (
        frozenset({Profile.CATALOG, Profile.STORAGE}),
        restorations.of_a_group,
    ),
    (
        # The tenants and what is set for them concern every part behind the front door.
        frozenset({Profile.DOWNLOADER, Profile.STORAGE}),
        (*tenants.route_handlers, *settings.route_handlers, *maintenance.route_handlers, *issuers.route_handlers),
    ),
)

_OF_ONE: dict[Profile, tuple[Any, ...]] = {
    Profile.CATALOG: (*users.route_handlers, *catalogue.route_handlers, *stac.route_handlers),
    Profile.DOWNLOADER: (
        *downloads.by_checksum,
        *quota.of_others,
        *availability.route_handlers,
        *tickets.route_handlers,
    ),
    Profile.STORAGE: (
        *storages.route_handlers,
        *files.route_handlers,
        *restorations.of_operators,
        *plugins.route_handlers,
    ),
}


def route_handlers_of(profiles: frozenset[Profile]) -> tuple[Any, ...]:
    """The routes of a process with these profiles, each once."""
    shared = [handlers for owners, handlers in _SHARED if owners & profiles]
    own = [_OF_ONE[profile] for profile in Profile if profile in profiles]
    return tuple(handler for handlers in (_EVERYWHERE, *shared, *own) for handler in handlers)
