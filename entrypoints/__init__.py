"""Composition: settings, containers, and one module per process."""
