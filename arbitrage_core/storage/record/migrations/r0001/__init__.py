"""Revision 0001 in SQL, by what the tables are about. Frozen: a change is another revision."""
