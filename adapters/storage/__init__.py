"""Storage plugins and their registry."""
