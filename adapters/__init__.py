"""Adapters: one package per technology, none knows another."""
