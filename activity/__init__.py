"""Activity: one row a request, its attempts, its usage, its cost."""
