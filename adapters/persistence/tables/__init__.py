"""Every table, index and constraint. Every row has its tenant."""

from adapters.persistence.tables.catalogue import (
    access_group,
    access_right,
    licence,
    licence_acceptance,
    product,
    product_dataset,
    product_file,
    product_statement,
    user_group,
)
from adapters.persistence.tables.files import copy_statement, file, file_location, storage_cooling, storage_location
from adapters.persistence.tables.identity import identity_issuer, login_attempt, user_account
from adapters.persistence.tables.ledger import Standing, account, download, ticket, transfer
from adapters.persistence.tables.messages import inbox, outbox, published_quota
from adapters.persistence.tables.naming import metadata
from adapters.persistence.tables.operations import instance, job_run
from adapters.persistence.tables.restorations import (
    cached_copy,
    restoration,
    restoration_group,
    restoration_history,
    restoration_request,
)
from adapters.persistence.tables.searches import product_attribute, product_words
from adapters.persistence.tables.tenants import tenant, tenant_maintenance, tenant_removal, tenant_setting

__all__ = [
    "Standing",
    "access_group",
    "access_right",
    "account",
    "cached_copy",
    "copy_statement",
    "download",
    "file",
    "file_location",
    "identity_issuer",
    "inbox",
    "instance",
    "job_run",
    "licence",
    "licence_acceptance",
    "login_attempt",
    "metadata",
    "outbox",
    "product",
    "product_attribute",
    "product_dataset",
    "product_file",
    "product_statement",
    "product_words",
    "published_quota",
    "restoration",
    "restoration_group",
    "restoration_history",
    "restoration_request",
    "storage_cooling",
    "storage_location",
    "tenant",
    "tenant_maintenance",
    "tenant_removal",
    "tenant_setting",
    "ticket",
    "transfer",
    "user_account",
    "user_group",
]
