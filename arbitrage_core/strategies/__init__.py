"""Compiled decision functions, bound when a session is built."""
