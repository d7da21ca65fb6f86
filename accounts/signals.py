"""What other apps hear of. ``onboarding`` has the signal of a new organization."""

from django.dispatch import Signal

organization_changed = Signal()  # sender=Organization, request=…, organization=…, deed=…, changes={name: (before, after)} or None
