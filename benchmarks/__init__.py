"""Side-by-side measurements of the whole service, each against a named reference in the same run."""
