"""Tables, mappers, units of work and the ledger over SQL."""
