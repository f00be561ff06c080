"""Logs: events with named fields, into a file of JSON lines, onto a terminal and into the record.

Trading never waits for a log: each destination has a bounded queue and a thread of its own, and what does not fit is
counted. No secret gets in: only fields on an allow-list are written with their values.
"""
