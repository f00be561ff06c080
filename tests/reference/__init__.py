"""The reference model: a second, plain and slow implementation of engine and simulated venue.

Written from docs/engine.md and docs/simulation_assumptions.md, not from the compiled engine, with which it shares only
the nouns (configuration, enums, the row). Amounts are Python ints, prices Python floats, records dataclasses.
"""
