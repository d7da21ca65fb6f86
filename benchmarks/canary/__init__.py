"""Whether what was said in a project with sealed logs is anywhere to be read: ``make canary``."""
