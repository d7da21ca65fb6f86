"""The heart: the life of one completion, from the socket to the ledger."""
