"""The embedded user table: who may log in here."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Instant, Payload, instant
from application.use_cases.manage_users import ChangePassword, ListUsers, RemoveUser, SaveUser, SaveUserRequest
from domain.access import Caller, Role
from domain.user import LONGEST_PASSWORD, SHORTEST_PASSWORD, User

CallerDependency = NamedDependency[SkipValidation[Caller]]
Password = Annotated[str, msgspec.Meta(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)]
GrantableRole = Annotated[str, msgspec.Meta(pattern="^(REGISTERED_USER|EXPLOIT|ADMIN|PROJECT_ADMIN|INSTANCE_ADMIN)$")]


class UserView(Payload):
    """A user, without anything secret."""

    email: str
    role: str
    active: bool
    added_at: Instant

    @classmethod
    def of(cls, user: User) -> "UserView":
        """From the domain."""
        return cls(email=user.email, role=user.role.name, active=user.is_active, added_at=instant(user.added_at))


class UserChange(Payload):
    """What a user shall be; what is left out stays. A new user needs a password."""

    password: Password | None = None
    role: GrantableRole | None = None
    active: bool | None = None


class NewPassword(Payload):
    """An own new password."""

    old_password: str
    password: Password


_EXAMPLE = {
    "email": "alice@example.org",
    "role": "REGISTERED_USER",
    "active": True,
    "addedAt": "2026-11-21T09:00:00.000000Z",
}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, **{"role": Role.PROJECT_ADMIN, "tag": "users", **more})


@get("/users", **_operation("retrieveUsers", "List users", answer=list[UserView], example=[_EXAMPLE]))
async def list_all_users(
    caller: CallerDependency,
    list_users: NamedDependency[SkipValidation[ListUsers]],
    after: Annotated[str | None, QueryParameter(description="E-mail that the page begins after.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> list[UserView]:
    """Users of the caller's tenant, by e-mail; the last one's e-mail is where the next page begins after."""
    return [UserView.of(user) for user in await list_users.execute(caller.tenant, after=after, limit=limit)]


@put(
    "/users/{user_email:str}",
    **_operation("saveUser", "Add or change a user", answer=UserView, example=_EXAMPLE, problems=(422,), also=(201,)),
)
async def save_one_user(
    user_email: FromPath[str],
    data: JSONBody[UserChange],
    caller: CallerDependency,
    save_user: NamedDependency[SkipValidation[SaveUser]],
) -> Response[UserView]:
    """201 for a new user. Nobody makes anybody stronger than they are themselves (403). A new password ends a lock."""
    role = None if data.role is None else Role[data.role]
    user, is_new = await save_user.execute(
        caller, SaveUserRequest(email=user_email, password=data.password, role=role, is_active=data.active)
    )
    headers = {"location": f"/users/{quote(user.email, safe='@')}"} if is_new else {}
    return Response(UserView.of(user), status_code=201 if is_new else 200, headers=headers)


@delete(
    "/users/{user_email:str}",
    **_operation("removeUser", "Remove a user with all that is kept of them", status=204, problems=(404, 422)),
)
async def remove_one_user(
    user_email: FromPath[str],
    caller: CallerDependency,
    remove_user: NamedDependency[SkipValidation[RemoveUser]],
) -> None:
    """Their login if they have one here, download account with history and tickets, groups, and accepted licences.

    Nothing of it comes to whoever gets the address next. The user may also be one who logs in elsewhere. A token that
    is out there is valid until it expires. Events that name the user are kept for 30 days, as all are.
    """
    await remove_user.execute(caller, user_email)


@put(
    "/password",
    **_operation("changePassword", "Change one's own password", role=Role.REGISTERED_USER, status=204, problems=(422,)),
)
async def change_own_password(
    data: JSONBody[NewPassword],
    caller: CallerDependency,
    change_password: NamedDependency[SkipValidation[ChangePassword]],
) -> None:
    """The old password is wanted too, and showing a wrong one counts like a login that failed."""
    await change_password.execute(caller, data.old_password, data.password)


route_handlers = (list_all_users, save_one_user, remove_one_user, change_own_password)
