"""The allowed values of a parameter, in words, read from the model that checks them: one truth, said twice."""

from math import inf
from typing import Any

from pydantic import BaseModel


def allowed_values(model: type[BaseModel], name: str) -> str:
    """What a field of a model accepts, as in "more than 0, at most 86400000" or "ioc, market"; empty when anything.

    Raises KeyError for a name the model does not have.
    """
    schema = model.model_json_schema()
    return _words(schema["properties"][name], schema.get("$defs", {}))


def _words(part: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in part:
        return _words(definitions[part["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in part:
        return ", or ".join(filter(None, (_words(one, definitions) for one in part["anyOf"])))
    if "enum" in part:
        return ", ".join(map(str, part["enum"]))
    if "const" in part:
        return str(part["const"])
    match part.get("type"):
        case "null":
            return "none"
        case "number" | "integer":
            return _range(part)
        case "array" if "items" in part and "maxItems" in part:
            return f"at most {part['maxItems']} rungs of closing cost in bps:share, as in 8:0.5,5:0.25"
    return ""


def _range(part: dict[str, Any]) -> str:
    noun = "a whole number" if part["type"] == "integer" else "a number"
    least, most = part.get("minimum", -inf), part.get("maximum", inf)
    if "minimum" in part and "maximum" in part:
        return f"{noun} from {_plain(least)} to {_plain(most)}"
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    said = [f"{words} {_plain(part[key])}" for key, words in bounds.items() if key in part]
    return " ".join([noun, " and ".join(said)]).strip()


def _plain(number: float) -> str:
    return f"{number:,.10g}".replace(",", "") if abs(number) < 1e15 else f"{number:g}"
