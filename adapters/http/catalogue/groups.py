"""Access groups and the users in them (contract-catalog section 2.1)."""

from typing import Annotated, Any

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Payload
from application.use_cases.manage_groups import (
    MOST_MEMBERS,
    ChangeUserGroups,
    ChangeUserGroupsRequest,
    ListGroups,
    ListMembers,
    ReadUserGroups,
    RemoveGroup,
    ReplaceMembers,
    SaveGroup,
)
from domain.access import Caller, Role
from domain.groups import AccessGroup

CallerDependency = NamedDependency[SkipValidation[Caller]]


class GroupChange(Payload):
    """What can be said of a group."""

    is_public: Annotated[bool, msgspec.Meta(description="Everybody is in it, the anonymous user too.")] = False
    is_internal: bool = False


class GroupPayload(Payload):
    """A group."""

    name: str
    is_public: bool
    is_internal: bool

    @classmethod
    def of(cls, group: AccessGroup) -> "GroupPayload":
        """The group on the wire."""
        return cls(name=group.name, is_public=group.is_public, is_internal=group.is_internal)


class UserGroupsPayload(Payload):
    """The groups that a user was put into."""

    email: str
    groups: list[str]


class UserGroups(Payload):
    """Every group that a user shall be in."""

    groups: Annotated[list[str], msgspec.Meta(max_length=1000)]


class GroupMembers(Payload):
    """Every user that shall be in a group, by e-mail."""

    users: Annotated[list[str], msgspec.Meta(max_length=MOST_MEMBERS)]


_USER_EXAMPLE = {"email": "alice@example.org", "groups": ["readers", "writers"]}

_EXAMPLE = {"name": "readers", "isPublic": False, "isInternal": False}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="access", **more)


@get("/accessgroups", **_operation("listGroups", "List groups", answer=list[GroupPayload], example=[_EXAMPLE]))
async def list_access_groups(
    caller: CallerDependency, list_groups: NamedDependency[SkipValidation[ListGroups]]
) -> list[GroupPayload]:
    """By name."""
    return [GroupPayload.of(group) for group in await list_groups.execute(caller.tenant)]


@put(
    "/accessgroups/{name:str}",
    **_operation("saveGroup", "Make or change a group", answer=GroupPayload, example=_EXAMPLE, problems=(422,)),
)
async def put_access_group(
    name: FromPath[str],
    data: JSONBody[GroupChange],
    caller: CallerDependency,
    save_group: NamedDependency[SkipValidation[SaveGroup]],
) -> GroupPayload:
    """Members and rights of a group that exists stay."""
    group = AccessGroup(tenant=caller.tenant, name=name, is_public=data.is_public, is_internal=data.is_internal)
    await save_group.execute(group)
    return GroupPayload.of(group)


@delete("/accessgroups/{name:str}", **_operation("removeGroup", "Remove a group", status=204, problems=(404,)))
async def delete_access_group(
    name: FromPath[str], caller: CallerDependency, remove_group: NamedDependency[SkipValidation[RemoveGroup]]
) -> None:
    """Its memberships and rights go with it, from the next request on."""
    await remove_group.execute(caller.tenant, name)


@get(
    "/accessgroups/{name:str}/users",
    **_operation(
        "listMembers", "List the users of a group", answer=list[str], example=["alice@example.org"], problems=(404,)
    ),
)
async def list_group_members(
    name: FromPath[str], caller: CallerDependency, list_members: NamedDependency[SkipValidation[ListMembers]]
) -> list[str]:
    """Those that were put into it, by e-mail."""
    return list(await list_members.execute(caller.tenant, name))


@put(
    "/accessgroups/{name:str}/users",
    **_operation(
        "replaceMembers",
        "Put exactly these users into a group",
        answer=GroupMembers,
        example={"users": ["alice@example.org", "bob@example.org"]},
        problems=(404, 409, 422),
    ),
)
async def put_group_members(
    name: FromPath[str],
    data: JSONBody[GroupMembers],
    caller: CallerDependency,
    replace_members: NamedDependency[SkipValidation[ReplaceMembers]],
) -> GroupMembers:
    """Whoever is not named is in it no more. Nobody is changed when one is refused. Answers with who is in it."""
    return GroupMembers(users=list(await replace_members.execute(caller.tenant, name, data.users)))


@get(
    "/users/{email:str}/groups",
    **_operation(
        "readUserGroups", "List the groups of a user", answer=UserGroupsPayload, example=_USER_EXAMPLE, problems=(422,)
    ),
)
async def read_groups_of_user(
    email: FromPath[str],
    caller: CallerDependency,
    read_user_groups: NamedDependency[SkipValidation[ReadUserGroups]],
) -> UserGroupsPayload:
    """Those that the user was put into; everybody is in the public ones besides. The user need not be known here."""
    return UserGroupsPayload(email=email, groups=list(await read_user_groups.execute(caller.tenant, email)))


@put(
    "/users/{email:str}/groups",
    **_operation(
        "replaceUserGroups",
        "Put a user into exactly these groups",
        answer=UserGroupsPayload,
        example=_USER_EXAMPLE,
        problems=(404, 409, 422),
    ),
)
async def put_groups_of_user(
    email: FromPath[str],
    data: JSONBody[UserGroups],
    caller: CallerDependency,
    change_user_groups: NamedDependency[SkipValidation[ChangeUserGroups]],
) -> UserGroupsPayload:
    """An empty list takes the user out of all. The user need not be known here. Nothing changes when one is unknown."""
    request = ChangeUserGroupsRequest(tenant=caller.tenant, email=email, exactly=data.groups)
    return UserGroupsPayload(email=email, groups=list(await change_user_groups.execute(request)))


@put(
    "/accessgroups/{name:str}/users/{email:str}",
    **_operation(
        "addMember",
        "Put a user into a group",
        answer=UserGroupsPayload,
        example={"email": "alice@example.org", "groups": ["readers"]},
        problems=(404, 409, 422),
    ),
)
async def put_group_member(
    name: FromPath[str],
    email: FromPath[str],
    caller: CallerDependency,
    change_user_groups: NamedDependency[SkipValidation[ChangeUserGroups]],
) -> UserGroupsPayload:
    """The user need not be known here. Answers with all groups of the user."""
    request = ChangeUserGroupsRequest(tenant=caller.tenant, email=email, add=[name])
    return UserGroupsPayload(email=email, groups=list(await change_user_groups.execute(request)))


@delete(
    "/accessgroups/{name:str}/users/{email:str}",
    **_operation("removeMember", "Take a user out of a group", status=204, problems=(404, 409, 422)),
)
async def delete_group_member(
    name: FromPath[str],
    email: FromPath[str],
    caller: CallerDependency,
    change_user_groups: NamedDependency[SkipValidation[ChangeUserGroups]],
) -> None:
    """Nothing happens to a user who is not in it."""
    await change_user_groups.execute(ChangeUserGroupsRequest(tenant=caller.tenant, email=email, remove=[name]))


route_handlers = (
    list_access_groups,
    put_access_group,
    delete_access_group,
    list_group_members,
    put_group_members,
    read_groups_of_user,
    put_groups_of_user,
    put_group_member,
    delete_group_member,
)
