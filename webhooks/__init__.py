"""Webhooks: what happened in an organization, told to addresses of its own, signed, and tried again until somebody listens.

``events.emit`` writes what happened beside the rows that changed; ``sending`` tells it. Standard Webhooks is the convention.
"""
