"""One business action per module: load, decide, record, commit."""
