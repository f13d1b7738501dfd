"""Tokens, keys and secrets."""
