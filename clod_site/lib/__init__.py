"""Ground floor: money, time, identifiers, secrets. Knows no table and no request."""
