"""The quota machine over the in-memory ledger."""

from tests.contract.in_memory import in_memory_environment
from tests.spec.machines.quota_machine import machine_over

TestQuotaMachine = machine_over(in_memory_environment).TestCase
