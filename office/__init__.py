"""What the people who run CLōD have of their own: staff roles, the admin's front page, the health of recurring jobs."""
