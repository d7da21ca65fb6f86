"""People and tenants: users, organizations, memberships, and the one answer to "may X see Y"."""
