"""Money that comes in, goes back or is put right: one entry for each (key, kind), however often it is asked for."""

from uuid import UUID

from billing import refusals
from billing.ledger.books import Books
from billing.ledger.operations import Credit
from clod_site.lib import ids


class UnknownWallet(LookupError):
    pass


class KeyReused(ValueError):
    """The same key came with another wallet or amount."""


def credit(books: Books, asked: Credit) -> UUID:
    """The id of the entry: a new one, or the one this key made before."""
    entry = books.entries.get((asked.key, asked.kind))
    if entry is not None:
        if (entry.wallet_id, entry.amount) != (asked.wallet_id, asked.amount_nanousd):
            raise KeyReused(f"{asked.kind} {asked.key!r} was already made with another amount or wallet; use a new key for a new movement")
        return entry.id
    wallet = books.wallets.get(asked.wallet_id)
    if wallet is None:
        raise UnknownWallet(f"there is no wallet {asked.wallet_id}")
    if wallet.available + asked.amount_nanousd < 0:
        raise refusals.InsufficientFunds(-asked.amount_nanousd, wallet.available)
    entry_id = ids.uuid7()
    books.post(entry_id, wallet, asked.kind, asked.amount_nanousd, asked.key, asked.reason)
    return entry_id
