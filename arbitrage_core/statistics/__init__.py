"""Pure functions over trades, orders and equity."""
