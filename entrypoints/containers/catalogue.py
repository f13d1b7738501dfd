"""Which ports the use cases of the catalogue get: products, groups, rights, licences and searches."""

from dependency_injector import providers

from application.use_cases.browse_items import BrowseCollections, ReadItem, SearchItems
from application.use_cases.catalogue_query import QueryReading
from application.use_cases.check_products import CheckProducts
from application.use_cases.choose_files import ChooseFiles
from application.use_cases.decide_access import DecideAccess
from application.use_cases.describe_found import DescribeFound
from application.use_cases.hear_licence import HearAcceptance, HearReset
from application.use_cases.hear_products import HearProducts
from application.use_cases.issue_product_ticket import IssueProductTicket
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
from application.use_cases.plan_downloads import PlanDownloads
from application.use_cases.read_licence import ReadLicence
from application.use_cases.read_products import ListProducts, ReadProduct, RemoveProducts
from application.use_cases.redeem_ticket import RedeemTicket
from application.use_cases.register_products import RegisterProducts
from application.use_cases.restore_products import RestoreProducts
from application.use_cases.search_catalogue import ReadSeenProduct, SearchCatalogue
from application.use_cases.search_selections import SearchSelections
from application.use_cases.see_products import SeeProducts
from entrypoints.containers.deliveries import DeliveryUseCases
from entrypoints.containers.given import Given
from entrypoints.containers.storages import StorageUseCases

_one = providers.Singleton
_settings = Given.settings
_adapters = Given.adapters
_clock = _adapters.clock
_ledger = _adapters.ledger
_unit_of_work = _adapters.unit_of_work.provider
_deliveries = DeliveryUseCases
_storages = StorageUseCases


class CatalogueUseCases(Given):
    """Products, who may see and have them, and what is done with them."""

    decide_access = _one(DecideAccess, finder=_adapters.catalogue_finder, unit_of_work=_unit_of_work, clock=_clock)
    see_products = _one(SeeProducts, _unit_of_work)
    query_reading = _one(QueryReading, _adapters.queries, _adapters.shapes)
    search_catalogue = _one(
        SearchCatalogue,
        _adapters.product_search,
        _adapters.search_figures,
        query_reading,
        _adapters.product_formats,
    )
    describe_found = _one(DescribeFound, _adapters.search_figures, query_reading)
    search_selections = _one(
        SearchSelections,
        _adapters.product_search,
        _adapters.search_figures,
        query_reading,
        _adapters.product_formats,
    )
    read_seen_product = _one(ReadSeenProduct, see_products, _adapters.product_search, _adapters.product_formats)
    redeem_ticket = _one(RedeemTicket, new_unit=_unit_of_work, clock=_clock, decide_access=decide_access)
    issue_product_ticket = _one(IssueProductTicket, decide_access, _deliveries.issue_ticket, _unit_of_work)
    register_products = _one(RegisterProducts, _unit_of_work, _adapters.product_formats, _clock)
    read_product = _one(ReadProduct, _unit_of_work, _adapters.product_formats)
    list_products = _one(ListProducts, _unit_of_work)
    search_items = _one(SearchItems, _unit_of_work, _clock)
    read_item = _one(ReadItem, _unit_of_work, _clock)
    browse_collections = _one(BrowseCollections, _unit_of_work, _clock)
    remove_products = _one(RemoveProducts, _unit_of_work, _clock)
    list_groups = _one(ListGroups, _unit_of_work)
    save_group = _one(SaveGroup, _unit_of_work)
    remove_group = _one(RemoveGroup, _unit_of_work)
    list_members = _one(ListMembers, _unit_of_work)
    replace_members = _one(ReplaceMembers, _unit_of_work)
    read_user_groups = _one(ReadUserGroups, _unit_of_work)
    change_user_groups = _one(ChangeUserGroups, _unit_of_work)
    list_rights = _one(ListRights, _unit_of_work)
    save_right = _one(SaveRight, _unit_of_work)
    remove_right = _one(RemoveRight, _unit_of_work)
    list_licences = _one(ListLicences, _unit_of_work)
    put_licence = _one(PutLicence, _unit_of_work, _clock)
    withdraw_licence = _one(WithdrawLicence, _unit_of_work)
    reset_licence = _one(ResetLicence, _unit_of_work, _clock)
    accept_licence = _one(AcceptLicence, _unit_of_work, _clock)
    read_licence = _one(ReadLicence, _unit_of_work)
    hear_acceptance = _one(HearAcceptance, _unit_of_work, _clock)
    hear_reset = _one(HearReset, _unit_of_work, _clock)
    hear_products = _one(
        HearProducts,
        register_products=register_products,
        remove_products=remove_products,
        formats=_adapters.product_formats,
        clock=_clock,
    )
    choose_files = _one(ChooseFiles, see_products)
    check_products = _one(CheckProducts, see_products, _storages.check_availability)
    plan_downloads = _one(PlanDownloads, _unit_of_work, see_products, check_products, _ledger, _clock, _adapters.ids)
    restore_products = _one(RestoreProducts, _unit_of_work, see_products, check_products, _storages.request_restoration)
