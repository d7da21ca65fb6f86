"""What an operator does to a site's data as a whole: backup and restore."""
