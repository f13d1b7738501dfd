"""Geometries, by GEOS."""
