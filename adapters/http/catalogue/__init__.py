"""The catalogue over HTTP: products in, and who may see and have them."""

from adapters.http.catalogue import (
    acceptance,
    access,
    availability,
    cart,
    complex_search,
    datasets,
    downloads,
    engines,
    figures,
    groups,
    licences,
    plan,
    products,
    rights,
    tickets,
)

route_handlers = (
    *acceptance.route_handlers,
    *access.route_handlers,
    *availability.route_handlers,
    *downloads.route_handlers,
    *engines.route_handlers,
    *figures.route_handlers,
    *complex_search.route_handlers,
    *cart.route_handlers,
    *plan.route_handlers,
    *tickets.route_handlers,
    *products.route_handlers,
    *datasets.route_handlers,
    *groups.route_handlers,
    *rights.route_handlers,
    *licences.route_handlers,
)
