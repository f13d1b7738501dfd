"""The part of the service of these tests that stands in front of the files of products."""

from application.ports.clock import Clock
from application.ports.identifiers import IdSource
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.check_availability import CheckAvailability
from application.use_cases.check_products import CheckProducts
from application.use_cases.choose_files import ChooseFiles
from application.use_cases.decide_access import DecideAccess
from application.use_cases.issue_product_ticket import IssueProductTicket
from application.use_cases.issue_ticket import IssueTicket
from application.use_cases.plan_downloads import PlanDownloads
from application.use_cases.read_licence import ReadLicence
from application.use_cases.redeem_ticket import RedeemTicket
from application.use_cases.request_restoration import RequestRestoration
from application.use_cases.restore_products import RestoreProducts
from application.use_cases.see_products import SeeProducts
from tests.fakes.in_memory_catalogue import InMemoryCatalogueFinder
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_ledger import InMemoryLedger


def front_door_use_cases(
    *,
    database: InMemoryDatabase,
    work: UnitOfWorkFactory,
    clock: Clock,
    ids: IdSource,
    check_availability: CheckAvailability,
    request_restoration: RequestRestoration,
    issue_ticket: IssueTicket,
) -> dict[str, object]:
    """By name, as the routes ask for them."""
    decide = DecideAccess(finder=InMemoryCatalogueFinder(database), unit_of_work=work, clock=clock)
    see = SeeProducts(work)
    check = CheckProducts(see, check_availability)
    return {
        "decide_access": decide,
        "redeem_ticket": RedeemTicket(new_unit=work, clock=clock, decide_access=decide),
        "issue_product_ticket": IssueProductTicket(decide, issue_ticket, work),
        "read_licence": ReadLicence(work),
        "see_products": see,
        "choose_files": ChooseFiles(see),
        "plan_downloads": PlanDownloads(work, see, check, InMemoryLedger(database), clock, ids),
        "check_products": check,
        "restore_products": RestoreProducts(work, see, check, request_restoration),
    }
