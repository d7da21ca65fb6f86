"""What can be called, where, at what price: models, providers, data centers, endpoints, energy, routing."""
