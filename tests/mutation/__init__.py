"""The mutation check: whether the tests notice when a line of ledger, guards, orders or fills is changed.

`python -m tests.mutation` changes one place at a time, runs the tests against each change, and fails below 90 %.
docs/mutation.md says how it works and where it is wrong.
"""
