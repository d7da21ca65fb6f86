"""What embedded mode adds to the site: its launcher, the small model, demo data, jobs in threads."""
