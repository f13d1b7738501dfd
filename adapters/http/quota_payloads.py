"""How limits and use look on the wire (contract-downloader 1.5)."""

from typing import Annotated

import msgspec

from adapters.http.payloads import LARGEST_EXACT, Count, Payload
from application.use_cases.read_quota import QuotaView
from domain.account import MAXIMUM_EMAIL_LENGTH

MOST_USERS = 1000
"""E-mails that one request may name."""

# Bounds are in the document only: the rules refuse a value outside of them with 422 and upstream's sentence.
Limit = Annotated[
    int,
    msgspec.Meta(
        description="-1 is unlimited, 0 allows none.",
        extra_json_schema={"format": "int64", "minimum": -1, "maximum": LARGEST_EXACT},
    ),
]
Email = Annotated[
    str,
    msgspec.Meta(
        description="As the user's token gives it.",
        examples=["user@x.org"],
        extra_json_schema={"minLength": 1, "maxLength": MAXIMUM_EMAIL_LENGTH, "pattern": "^(?!ticket:)"},
    ),
]
Emails = Annotated[list[Email], msgspec.Meta(max_length=MOST_USERS)]


class DownloadQuotaLimits(Payload):
    """Limits of a user: units (complete copies of RAWDATA files) ever, and downloads in progress."""

    email: Email
    max_quota: Limit
    rate_limit: Limit

    @classmethod
    def of(cls, view: QuotaView) -> "DownloadQuotaLimits":
        """The limits in force."""
        return cls(email=view.email, max_quota=view.max_quota, rate_limit=view.rate_limit)


class UserCurrentQuotas(Payload):
    """Limits of a user with what is used of them now."""

    email: Email
    max_quota: Limit
    rate_limit: Limit
    current_quota: Count
    current_rate: Count

    @classmethod
    def of(cls, view: QuotaView) -> "UserCurrentQuotas":
        """Limits in force and use."""
        return cls(
            email=view.email,
            max_quota=view.max_quota,
            rate_limit=view.rate_limit,
            current_quota=view.current_quota,
            current_rate=view.current_rate,
        )


LIMITS_EXAMPLE = {"email": "user@x.org", "maxQuota": -1, "rateLimit": -1}
CURRENT_EXAMPLE = {"email": "user@x.org", "maxQuota": 100, "rateLimit": 5, "currentQuota": 12, "currentRate": 1}
