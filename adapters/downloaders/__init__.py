"""Other instances of this service, over HTTP."""
