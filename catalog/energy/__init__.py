"""Electricity: where its prices come from (feeds), what they cost delivered, and what that does to a token price."""
