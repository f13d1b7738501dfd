"""The catalogue as a STAC API 1.0.0 of STAC 1.1.0 documents: collections are datasets, items are data."""

from adapters.http.stac import browsing, searching

route_handlers = (*browsing.route_handlers, *searching.route_handlers)
