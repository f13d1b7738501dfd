"""The life of a ticket."""

from tests.spec.machines.ticket_machine import TicketMachine

TestTicketMachine = TicketMachine.TestCase
