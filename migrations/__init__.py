"""The history of the schema, run by ``adapters.persistence.migrate``."""
