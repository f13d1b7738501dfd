"""Query languages that searches are written in."""
