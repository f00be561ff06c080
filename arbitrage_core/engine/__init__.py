"""The fold: state, book, opportunity, guards, legs, ledger, step."""
