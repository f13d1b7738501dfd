"""Interfaces that the application owns; adapters implement them."""
