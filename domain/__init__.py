"""The rule book: every business rule, as pure functions over immutable values."""
