"""What a ticket opens, and how long."""

from datetime import timedelta

import attrs

from domain.quota import Granted, TicketNotValid
from domain.ticket import TicketState
from tests.factories import ALICE, BOB, NOW, SIZE, a_download, a_request, a_ticket, an_account, limits
from tests.spec.deciding import POLICY, after, decided


def test_a_ticket_opens_only_its_own_file_for_its_own_account():
    ticket = a_ticket(email=ALICE.email)

    assert isinstance(decided(a_request(ticket_id="k1"), ticket=ticket), Granted)
    for wrong in (a_request(ticket_id="k1", checksum="c2"), a_request(ticket_id="k1", account=BOB)):
        assert decided(wrong, ticket=ticket) == TicketNotValid(TicketState.ISSUED)


def test_a_ticket_that_does_not_exist_opens_nothing():
    assert decided(a_request(ticket_id="k1"), ticket=None) == TicketNotValid(None)


def test_a_revoked_ticket_is_named_before_a_changed_file():
    ticket = a_ticket(email=ALICE.email).revoked(NOW)
    paused = after(a_download(a_request(ticket_id="k1")), delivered=10)

    refused = decided(a_request(size=SIZE + 1, start=10, ticket_id="k1"), ticket=ticket, downloads=[paused])

    assert refused == TicketNotValid(TicketState.REVOKED)


def test_a_use_is_taken_per_download_not_per_range():
    ticket = a_ticket(email=ALICE.email, max_uses=1)
    opened = decided(a_request(ticket_id="k1", length=10), ticket=ticket)
    assert isinstance(opened, Granted)
    assert opened.ticket == ticket.with_use_taken()

    joined = decided(a_request("t2", ticket_id="k1", start=10), ticket=opened.ticket, downloads=[opened.download])
    assert isinstance(joined, Granted)
    assert joined.ticket == opened.ticket


def test_a_ticket_of_nobody_charges_nobody():
    ticket = a_ticket()
    account = an_account(ticket.account, own=limits(0, 0))

    granted = decided(a_request(ticket_id="k1", account=ticket.account), ticket=ticket, account=account)

    assert isinstance(granted, Granted)
    assert granted.account == account


def test_the_time_to_resume_after_expiry_is_capped():
    ticket = a_ticket(email=ALICE.email, expires_in=timedelta(days=30))
    slow = attrs.evolve(
        after(a_download(a_request(ticket_id="k1"), resume_window=timedelta(days=90)), delivered=1),
        progressed_at=NOW + timedelta(days=29),
    )
    request = a_request("t2", ticket_id="k1", start=1)
    cap = ticket.expires_at + POLICY.ticket_resume_cap

    assert isinstance(decided(request, ticket=ticket, downloads=[slow], now=cap - timedelta(seconds=1)), Granted)
    assert decided(request, ticket=ticket, downloads=[slow], now=cap) == TicketNotValid(TicketState.EXPIRED)


def test_a_use_that_was_given_back_after_a_failed_verification_is_no_longer_this_downloads():
    ticket = attrs.evolve(a_ticket(email=ALICE.email, max_uses=1), uses=1)
    poisoned = after(a_download(a_request(ticket_id="k1")), poisoned=True, held=False)
    request = a_request("t2", ticket_id="k1", start=10)

    assert decided(request, ticket=ticket, downloads=[poisoned]) == TicketNotValid(TicketState.ISSUED)
    again = decided(request, ticket=attrs.evolve(ticket, uses=0), downloads=[poisoned])
    assert isinstance(again, Granted)
    assert (again.ticket, again.whole_file) == (ticket, True)
