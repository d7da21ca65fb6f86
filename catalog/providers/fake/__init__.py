"""A provider that answers as its model's name says: for development, tests and load tests, never for production.

It is a small OpenAI-like server on loopback: ``python -m catalog.providers.fake 9150``, or ``serving()`` in a thread. Same
request, same answer. docs/fake-provider.md lists the models.
"""
