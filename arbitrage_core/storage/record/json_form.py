"""The JSON form of what is recorded: as documents on disk have it, an infinite limit is the text "Infinity"."""

from math import isinf, isnan

from arbitrage_core.domain.errors import BadInput


def json_form(value: object, what: str) -> object:
    """`value` as Postgres takes it. Raises BadInput naming the entry for NaN and for what JSON cannot say."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise BadInput(f"{what}: the key {key!r} is not text")
        return {key: json_form(item, f"{what}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_form(item, f"{what}[{place}]") for place, item in enumerate(value)]
    if isinstance(value, float):
        if isnan(value):
            raise BadInput(f"{what} is not a number")
        if isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return float(value)
    if isinstance(value, str) and "\0" in value:
        raise BadInput(f"{what} holds a zero byte, which Postgres cannot store in text")
    if value is None or isinstance(value, str | bool | int):
        return value
    raise BadInput(f"{what} is a {type(value).__name__}, which JSON cannot say")
