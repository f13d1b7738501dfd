"""The people of the demo: two users, whose passwords are made at the first start."""

import json
import secrets
from pathlib import Path

import attrs

from adapters.security.private_files import read_or_create
from application.use_cases.manage_users import ListUsers, SaveUser, SaveUserRequest
from application.use_cases.set_quota import SetQuota, SetQuotaRequest
from domain.access import Caller, Role
from entrypoints.demo.names import ALICE, BOB, TENANT

_OPERATOR = Caller(TENANT, "operator@localhost", Role.INSTANCE_ADMIN)

LIMITS = ((ALICE, 100, 5), (BOB, 2, 1))
"""Units, and downloads at once."""


@attrs.frozen(kw_only=True)
class MakePeople:
    """Adds the users; one who is known keeps password and quota."""

    password_file: Path
    list_users: ListUsers
    save_user: SaveUser
    set_quota: SetQuota

    async def execute(self, *, is_new: bool) -> dict[str, str]:
        """The passwords that were made, by user. ``is_new``: the tenant is, so that nobody has a quota yet."""
        fresh = json.dumps({user: secrets.token_urlsafe(12) for user, _, _ in LIMITS})
        passwords: dict[str, str] = json.loads(read_or_create(self.password_file, fresh.encode()))
        known = {user.email for user in await self.list_users.execute(TENANT, limit=1000)}
        for user, max_quota, rate_limit in LIMITS:
            if user not in known:
                await self.save_user.execute(_OPERATOR, SaveUserRequest(email=user, password=passwords[user]))
            if is_new:
                await self.set_quota.execute(
                    SetQuotaRequest(tenant=TENANT, email=user, max_quota=max_quota, rate_limit=rate_limit)
                )
        return passwords
