"""Searches in SQL: criteria to conditions, orders, pages."""
