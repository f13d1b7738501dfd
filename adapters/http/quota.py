"""Limits and use of download accounts (contract-downloader 1.5)."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.answering import AnswerResponse
from adapters.http.documentation import operation
from adapters.http.errors import Answer, asks_for_problem
from adapters.http.quota_payloads import (
    CURRENT_EXAMPLE,
    LIMITS_EXAMPLE,
    MOST_USERS,
    DownloadQuotaLimits,
    Emails,
    UserCurrentQuotas,
)
from application.use_cases.forget_user import ForgetUser, ForgetUserRequest
from application.use_cases.read_quota import ReadQuota, ReadQuotaRequest
from application.use_cases.read_settings import ReadSettings, ReadSettingsRequest
from application.use_cases.set_quota import SetQuota, SetQuotaRequest
from domain.access import Caller, Role
from domain.errors import InvalidValue

_TAG = "quota"

CallerDependency = NamedDependency[SkipValidation[Caller]]
ReadQuotaDependency = NamedDependency[SkipValidation[ReadQuota]]


@get(
    "/quota",
    **operation(
        "getQuotaLimits_1",
        "Read the caller's own limits",
        role=Role.PUBLIC,
        tag=_TAG,
        answer=DownloadQuotaLimits,
        example=LIMITS_EXAMPLE,
    ),
)
async def read_own_limits(caller: CallerDependency, read_quota: ReadQuotaDependency) -> DownloadQuotaLimits:
    """Limits in force: the caller's own, or else the tenant's."""
    (view,) = await read_quota.execute(ReadQuotaRequest(caller, (caller.email,)))
    return DownloadQuotaLimits.of(view)


@get(
    "/quota/{user_email:str}",
    **operation(
        "getQuotaLimits_2",
        "Read a user's limits",
        role=Role.PROJECT_ADMIN,
        tag=_TAG,
        answer=DownloadQuotaLimits,
        example=LIMITS_EXAMPLE,
        problems=(404, 422),
    ),
)
async def read_limits(
    user_email: FromPath[str], caller: CallerDependency, read_quota: ReadQuotaDependency
) -> DownloadQuotaLimits:
    """Limits in force. Reading creates nothing, and any e-mail may be asked for."""
    (view,) = await read_quota.execute(ReadQuotaRequest(caller, (user_email,)))
    return DownloadQuotaLimits.of(view)


@put(
    "/quota/{user_email:str}",
    **operation(
        "upsertQuotaLimits",
        "Set a user's own limits",
        role=Role.PROJECT_ADMIN,
        tag=_TAG,
        answer=DownloadQuotaLimits,
        example=LIMITS_EXAMPLE,
        problems=(404, 422),
    ),
)
async def set_limits(
    request: Request[Caller, Any, Any],
    user_email: FromPath[str],
    data: JSONBody[DownloadQuotaLimits],
    caller: CallerDependency,
    set_quota: NamedDependency[SkipValidation[SetQuota]],
) -> Response[Any]:
    """Effective at once on every instance. 400 with an empty body when path and body name different users."""
    if data.email != user_email:
        if asks_for_problem(request.headers.get("accept", "")):
            raise ValidationException("Address and body name different users.")
        return AnswerResponse(Answer.of(400, []))
    view = await set_quota.execute(
        SetQuotaRequest(tenant=caller.tenant, email=user_email, max_quota=data.max_quota, rate_limit=data.rate_limit)
    )
    return Response(DownloadQuotaLimits.of(view))


@delete(
    "/quota/{user_email:str}/limits",
    **operation(
        "resetQuotaLimits",
        "Let a user inherit the tenant's limits again",
        role=Role.PROJECT_ADMIN,
        tag=_TAG,
        answer=DownloadQuotaLimits,
        example=LIMITS_EXAMPLE,
        problems=(404, 422),
    ),
)
async def reset_limits(
    user_email: FromPath[str], caller: CallerDependency, set_quota: NamedDependency[SkipValidation[SetQuota]]
) -> DownloadQuotaLimits:
    """Answers with the limits now in force. What was used stays used."""
    request = SetQuotaRequest(tenant=caller.tenant, email=user_email, max_quota=None, rate_limit=None)
    return DownloadQuotaLimits.of(await set_quota.execute(request))


@delete(
    "/quota/{user_email:str}",
    **operation(
        "deleteQuota",
        "Delete a user's account and its history",
        role=Role.PROJECT_ADMIN,
        tag=_TAG,
        status=204,
        problems=(404, 422),
    ),
)
async def forget_account(
    user_email: FromPath[str], caller: CallerDependency, forget_user: NamedDependency[SkipValidation[ForgetUser]]
) -> None:
    """The user starts from nothing. Groups and accepted licences stay: `DELETE /users/{user_email}` removes all."""
    await forget_user.execute(ForgetUserRequest(tenant=caller.tenant, email=user_email))


@get(
    "/quotas",
    **operation(
        "getQuotaLimits",
        "Read the limits of several users",
        role=Role.PUBLIC,
        tag=_TAG,
        answer=list[DownloadQuotaLimits],
        example=[LIMITS_EXAMPLE],
        problems=(422,),
    ),
)
async def read_limits_of_several(
    user_email: Annotated[
        list[str], QueryParameter(description="Repeat for each user.", min_items=1, max_items=MOST_USERS)
    ],
    caller: CallerDependency,
    read_quota: ReadQuotaDependency,
) -> list[DownloadQuotaLimits]:
    """In the order asked for. Users other than the caller are shown to ADMIN and stronger roles only."""
    views = await read_quota.execute(ReadQuotaRequest(caller, tuple(user_email)))
    return [DownloadQuotaLimits.of(view) for view in views]


@get(
    "/quota/current",
    **operation(
        "getCurrentQuotas",
        "Read the caller's own limits and use",
        role=Role.PUBLIC,
        tag=_TAG,
        answer=UserCurrentQuotas,
        example=CURRENT_EXAMPLE,
    ),
)
async def read_own_use(caller: CallerDependency, read_quota: ReadQuotaDependency) -> UserCurrentQuotas:
    """Exact, over all instances, as of this moment."""
    (view,) = await read_quota.execute(ReadQuotaRequest(caller, (caller.email,)))
    return UserCurrentQuotas.of(view)


@get(
    "/quota/current/{user_email:str}",
    **operation(
        "getCurrentQuotas_1",
        "Read a user's limits and use",
        role=Role.PROJECT_ADMIN,
        tag=_TAG,
        answer=UserCurrentQuotas,
        example=CURRENT_EXAMPLE,
        problems=(404, 422),
    ),
)
async def read_use(
    user_email: FromPath[str], caller: CallerDependency, read_quota: ReadQuotaDependency
) -> UserCurrentQuotas:
    """Exact, over all instances, as of this moment."""
    (view,) = await read_quota.execute(ReadQuotaRequest(caller, (user_email,)))
    return UserCurrentQuotas.of(view)


@post(
    "/quota/currents",
    **operation(
        "getCurrentQuotasList",
        "Read limits and use of several users",
        role=Role.ADMIN,
        tag=_TAG,
        answer=list[UserCurrentQuotas],
        example=[CURRENT_EXAMPLE],
        problems=(422,),
    ),
)
async def read_use_of_several(
    data: JSONBody[Emails], caller: CallerDependency, read_quota: ReadQuotaDependency
) -> list[UserCurrentQuotas]:
    """The body is an array of e-mails; the answer has the same order."""
    if len(data) > MOST_USERS:
        raise InvalidValue(f"One request names at most {MOST_USERS} users.")
    views = await read_quota.execute(ReadQuotaRequest(caller, tuple(data)))
    return [UserCurrentQuotas.of(view) for view in views]


@get(
    "/quota/max",
    **operation("getMaxQuota", "Read the tenant's maxQuota", role=Role.ADMIN, tag=_TAG, answer=int, example=-1),
)
async def read_max_quota(caller: CallerDependency, read_settings: NamedDependency[SkipValidation[ReadSettings]]) -> int:
    """A bare number: the setting that users without own limits inherit."""
    (setting,) = await read_settings.execute(ReadSettingsRequest(tenant=caller.tenant, names=("maxQuota",)))
    return int(setting.value)


of_oneself = (read_own_limits, read_own_use)
of_others = (
    read_limits,
    set_limits,
    reset_limits,
    forget_account,
    read_limits_of_several,
    read_use,
    read_use_of_several,
    read_max_quota,
)
