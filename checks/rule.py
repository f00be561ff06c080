"""The rule: one expectation as data, so that the suites can be read, listed and tested without Great Expectations."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """One expectation on a column (or two, or several) of a frame.

    `name` what must be so, in words, unique. `kind` the class in `great_expectations.expectations`, `arguments` its
    own. `frame` the frame it looks at; `columns` those whose values are shown of a row at fault. A rule that is not
    `critical` only warns.
    """

    name: str
    frame: str
    kind: str
    arguments: dict[str, object]
    columns: tuple[str, ...]
    critical: bool = True
    expected: str = field(default="")


def between(
    name: str, frame: str, column: str, least: float | None, most: float | None, *, critical: bool = True
) -> Rule:
    """Every value lies from `least` to `most`, either of which may be open."""
    arguments = {"column": column, "min_value": least, "max_value": most}
    if least is None:
        words = f"{column} ≤ {most}"
    elif most is None:
        words = f"{column} ≥ {least}"
    else:
        words = f"{column} = {least}" if least == most else f"{least} ≤ {column} ≤ {most}"
    return Rule(name, frame, "ExpectColumnValuesToBeBetween", arguments, (column,), critical, words)


def none_of(name: str, frame: str, column: str, *, critical: bool = True) -> Rule:
    """The column counts what must not be: it is 0 everywhere."""
    return between(name, frame, column, 0, 0, critical=critical)


def equal(name: str, frame: str, one: str, other: str, *, critical: bool = True) -> Rule:
    """Two columns of whole numbers are equal, exactly, in every row."""
    arguments = {"column_A": one, "column_B": other, "ignore_row_if": "neither"}
    return Rule(name, frame, "ExpectColumnPairValuesToBeEqual", arguments, (one, other), critical, f"{one} = {other}")


def unique(name: str, frame: str, *columns: str, critical: bool = True) -> Rule:
    """No two rows have the same values in these columns."""
    arguments = {"column_list": list(columns), "ignore_row_if": "never"}
    words = f"({', '.join(columns)}) once each"
    return Rule(name, frame, "ExpectCompoundColumnsToBeUnique", arguments, columns, critical, words)


def among(name: str, frame: str, column: str, values: tuple[str, ...], *, critical: bool = True) -> Rule:
    """Every value is one of these."""
    arguments = {"column": column, "value_set": list(values)}
    return Rule(name, frame, "ExpectColumnValuesToBeInSet", arguments, (column,), critical, f"one of {len(values)}")


def matching(name: str, frame: str, column: str, pattern: str, *, critical: bool = True) -> Rule:
    """Every text matches the regular expression."""
    arguments = {"column": column, "regex": pattern}
    return Rule(name, frame, "ExpectColumnValuesToMatchRegex", arguments, (column,), critical, f"{column} ~ {pattern}")
