"""The part of the service of these tests that logs users in."""

from datetime import timedelta

from adapters.http.authentication import KnownTenants
from adapters.http.client_addresses import ClientAddresses
from adapters.http.oauth import OAuthClient
from adapters.security.tokens import JwtTokens
from application.ports.clock import Clock
from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.log_in import LogIn
from application.use_cases.manage_issuers import ListIssuers, RemoveIssuer, SaveIssuer
from application.use_cases.manage_users import ChangePassword, ListUsers, RemoveUser, SaveUser
from tests.fakes.in_memory_users import PlainPasswords


def identity_use_cases(
    *,
    work: UnitOfWorkFactory,
    ledger: Ledger,
    tokens: JwtTokens,
    clock: Clock,
    tenants: KnownTenants,
    oauth_client: str,
) -> dict[str, object]:
    """By name, as the routes ask for them."""
    passwords = PlainPasswords()
    log_in = LogIn(unit_of_work=work, hasher=passwords, issuer=tokens, clock=clock, lifetime=timedelta(hours=1))
    return {
        "log_in": log_in,
        "oauth_client": OAuthClient(oauth_client),
        "client_addresses": ClientAddresses.behind(["127.0.0.1"]),
        "known_tenants": tenants,
        "save_user": SaveUser(unit_of_work=work, hasher=passwords, clock=clock),
        "change_password": ChangePassword(unit_of_work=work, hasher=passwords, log_in=log_in),
        "list_users": ListUsers(work),
        "remove_user": RemoveUser(work, ledger),
        "save_issuer": SaveIssuer(work),
        "list_issuers": ListIssuers(work),
        "remove_issuer": RemoveIssuer(work),
    }
