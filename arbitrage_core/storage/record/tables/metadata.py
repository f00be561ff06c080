"""The collection that all tables of the record belong to, and how their constraints are named."""

from sqlalchemy import MetaData

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_once",
        "fk": "%(table_name)s_%(column_0_name)s_known",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)
"""Every name says the rule, since it is what an error shows: `fills_amounts_must_fit`."""
