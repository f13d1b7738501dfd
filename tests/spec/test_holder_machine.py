"""Nobody gets more bytes than units buy, whatever they ask for."""

from tests.spec.machines.holder_machine import HolderMachine

TestHolderMachine = HolderMachine.TestCase
