"""Repositories over one transaction, one module each."""
