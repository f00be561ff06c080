"""The document: what a command found, as one JSON document on stdout."""

import json
import sys
from typing import Any


def print_document(document: dict[str, Any]) -> None:
    """Prints it and nothing else, strict JSON. Raises ValueError for NaN and TypeError for what JSON cannot say."""
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
