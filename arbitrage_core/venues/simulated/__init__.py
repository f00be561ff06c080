"""The simulated venue: a record of its own, with its own books, orders and ledger. It lists its lies."""
