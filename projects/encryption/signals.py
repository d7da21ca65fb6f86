"""What the rooms that hold bodies hear from a project. They know it; it does not know them."""

from django.dispatch import Signal

# (project, days): bodies older than that many days go now, and the others go when they are that old. 0 days: all of them, now.
bodies_unwanted = Signal()
