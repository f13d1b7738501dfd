"""Why a file of a product is not given, as upstream says it or as problem details (contract-catalog 1.4)."""

import msgspec

from adapters.http.errors import Answer, asks_for_problem, explained, problem
from adapters.http.problems import ACCESS_REFUSALS
from domain.licence import Licence
from domain.product_access import Allowed, Locked, NoDataRight, ProductAccess

JSON = "application/json"


def access_refusal(decision: ProductAccess, *, accept_url: str, accept: str) -> Answer | None:
    """The answer to a refusal; ``None`` when the caller may have the file.

    ``accept_url`` is the same request once more, with which the licence is accepted; ``accept`` the field of the
    request. A product that the caller does not see is answered like one that does not exist.
    """
    if isinstance(decision, Allowed):
        return None
    kind = ACCESS_REFUSALS[type(decision)]
    match decision:
        case Locked(licence):
            body = {"license": licence.link, "accept": accept_url}
            if asks_for_problem(accept):
                extra = {**body, **_dataset(licence), "advice": kind.explanation}
                return problem(kind, _sentence(licence), extra=extra)
            return Answer.of(kind.status, [("content-type", JSON), explained(kind)], msgspec.json.encode(body))
        case NoDataRight() if not asks_for_problem(accept):
            return Answer.of(kind.status, [explained(kind)])
        case _:
            return problem(kind, kind.explanation)


def _sentence(licence: Licence) -> str:
    of = "the tenant" if licence.dataset is None else str(licence.dataset)
    return f"The licence of {of} must be accepted first: {licence.link}"


def _dataset(licence: Licence) -> dict[str, object]:
    return {} if licence.dataset is None else {"dataset": str(licence.dataset)}
