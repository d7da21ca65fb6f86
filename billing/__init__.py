"""Money: wallets, the ledger, holds, budgets, the free quota."""
