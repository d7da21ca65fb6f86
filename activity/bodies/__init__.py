"""What was said in requests, where a project keeps it: written, read, deleted."""
