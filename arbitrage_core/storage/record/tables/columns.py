"""The columns that tables of the record are made of, each with its unit in its comment.

Times are bigint nanoseconds UTC, because a timestamptz keeps microseconds only; beside one that people look at stands
a virtual timestamptz made from it, which costs nothing to write. Amounts are bigint counts of a booking unit. What is
an enum in the engine is stored as its number, `…_code`, and read by its name in a virtual column beside it: numbers
load about a tenth faster and a misspelt name cannot be stored.
"""

from collections.abc import Sequence
from enum import IntEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, Computed, DateTime, Double, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB

NS = "nanoseconds UTC"


def number(name: str, comment: str, *, nullable: bool = False) -> Column:
    """A bigint that counts or identifies something."""
    return Column(name, BigInteger, nullable=nullable, comment=comment)


def small(name: str, comment: str, *, nullable: bool = False) -> Column:
    """A smallint."""
    return Column(name, SmallInteger, nullable=nullable, comment=comment)


def real(name: str, comment: str, *, nullable: bool = False) -> Column:
    """A double, bit for bit as the engine has it."""
    return Column(name, Double, nullable=nullable, comment=comment)


def amount(name: str, comment: str, *, unit: str = "the reporting currency", nullable: bool = False) -> Column:
    """A bigint amount of money; `unit` says whose booking units it counts."""
    return Column(name, BigInteger, nullable=nullable, comment=f"{comment}; booking units of {unit}")


def text(name: str, comment: str, *, nullable: bool = False) -> Column:
    """Text of any length."""
    return Column(name, Text, nullable=nullable, comment=comment)


def document(name: str, comment: str, *, nullable: bool = False) -> Column:
    """A JSON document."""
    return Column(name, JSONB(none_as_null=True), nullable=nullable, comment=comment)


def time_ns(name: str, comment: str, *, nullable: bool = False) -> Column:
    """An instant."""
    return Column(name, BigInteger, nullable=nullable, comment=f"{comment}; {NS}")


def moment(name: str, of: str) -> Column:
    """The instant of the column `of` for people to read: virtual, cut to microseconds."""
    made = f"timezone('UTC', timestamp '1970-01-01' + ({of} / 1000) * interval '1 microsecond')"
    return Column(
        name, DateTime(timezone=True), Computed(made, persisted=False), comment=f"{of}, cut to microseconds; virtual"
    )


def coded(name: str, enum: type[IntEnum], comment: str, *, nullable: bool = False) -> tuple[Column, Column]:
    """An enum: its number as stored (`name_code`) and its name (`name`), virtual."""
    spelled = " ".join(f"WHEN {member.value} THEN '{member.name}'" for member in enum)
    return (
        small(f"{name}_code", f"number of {name}", nullable=nullable),
        Column(name, Text, Computed(f"CASE {name}_code {spelled} END", persisted=False), comment=f"{comment}; virtual"),
    )


def codes_of(enum: type[IntEnum]) -> str:
    """The numbers an enum uses, as a condition goes on: `BETWEEN 0 AND 3`."""
    values = sorted(member.value for member in enum)
    if values != list(range(values[0], values[-1] + 1)):
        raise ValueError(f"{enum.__name__} has gaps: its codes cannot be checked as a range")
    return f"BETWEEN {values[0]} AND {values[-1]}"


def rule(name: str, *conditions: str) -> CheckConstraint:
    """One CHECK over several conditions: each constraint costs time of its own on every row loaded."""
    return CheckConstraint(" AND ".join(f"({condition})" for condition in conditions), name=name)


def finite(*names: str) -> Sequence[str]:
    """Conditions that doubles are finite. NaN is the greatest number to Postgres, so `< 'Infinity'` refuses it too."""
    return [f"abs({name}) < 'Infinity'::double precision" for name in names]


def one_of(name: str, values: Sequence[str]) -> str:
    """The condition that a text is one of these."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{name} IN ({listed})"
