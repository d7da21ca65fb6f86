"""What embedded mode adds to the site: its launcher, the small model, demo data, jobs in threads.

``python -m clod_site.embedded`` (what ``make run`` ends in) is one process plus the model's. The launcher holds a lock
on ``var/``, brings the data up to date, serves the site, and stops everything it started.
"""
