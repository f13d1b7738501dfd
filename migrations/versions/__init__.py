"""Revisions, oldest first by their chain."""
