"""The part of the service of these tests that keeps the catalogue."""

from adapters.formats.products import JsonProductFormats
from adapters.formats.stac_items import StacItemFormat
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.browse_items import BrowseCollections, ReadItem, SearchItems
from application.use_cases.manage_groups import (
    ChangeUserGroups,
    ListGroups,
    ListMembers,
    ReadUserGroups,
    RemoveGroup,
    ReplaceMembers,
    SaveGroup,
)
from application.use_cases.manage_licences import AcceptLicence, ListLicences, PutLicence, ResetLicence, WithdrawLicence
from application.use_cases.manage_rights import ListRights, RemoveRight, SaveRight
from application.use_cases.read_products import ListProducts, ReadProduct, RemoveProducts
from application.use_cases.register_products import RegisterProducts


def catalogue_use_cases(*, work: UnitOfWorkFactory, clock: Clock) -> dict[str, object]:
    """By name, as the routes ask for them."""
    formats = JsonProductFormats()
    return {
        "register_products": RegisterProducts(work, formats, clock),
        "read_product": ReadProduct(work, formats),
        "list_products": ListProducts(work),
        "search_items": SearchItems(work, clock),
        "read_item": ReadItem(work, clock),
        "browse_collections": BrowseCollections(work, clock),
        "item_format": StacItemFormat(),
        "remove_products": RemoveProducts(work, clock),
        "list_groups": ListGroups(work),
        "save_group": SaveGroup(work),
        "remove_group": RemoveGroup(work),
        "list_members": ListMembers(work),
        "replace_members": ReplaceMembers(work),
        "read_user_groups": ReadUserGroups(work),
        "change_user_groups": ChangeUserGroups(work),
        "list_rights": ListRights(work),
        "save_right": SaveRight(work),
        "remove_right": RemoveRight(work),
        "list_licences": ListLicences(work),
        "put_licence": PutLicence(work, clock),
        "withdraw_licence": WithdrawLicence(work),
        "reset_licence": ResetLicence(work, clock),
        "accept_licence": AcceptLicence(work, clock),
    }
