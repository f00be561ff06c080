"""The document: what a command found, as one JSON document on stdout."""

import json
import re
import sys
from typing import Any

UNPRINTABLE = re.compile(r"[^\n -~]")
"""What may not print; JSON itself escapes what is below a space, and not the rest that a terminal obeys."""


def print_document(document: dict[str, Any]) -> None:
    """Prints it and nothing else, strict JSON. Raises ValueError for NaN and TypeError for what JSON cannot say."""
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    sys.stdout.write(UNPRINTABLE.sub(_escaped, text) + "\n")
    sys.stdout.flush()


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]
