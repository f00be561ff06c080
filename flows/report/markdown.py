"""Markdown: tables, lists and pictures, with what would change their form made harmless."""

import base64
import re
from collections.abc import Iterable, Sequence

CELL_CHARACTERS_MAX = 300
"""A cell or line that is longer is cut, and ends in "…": thousands of row numbers help nobody."""
_SPECIAL = re.compile(r"([\\`*\[\]<>|~#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")  # a_b is no emphasis
_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def plain(words: object) -> str:
    """Text that shows as it is: one line, nothing in it read as Markdown or HTML, at most CELL_CHARACTERS_MAX."""
    text = _BREAKS.sub(" ", str(words)).strip()
    if len(text) > CELL_CHARACTERS_MAX:
        text = text[: CELL_CHARACTERS_MAX - 1].rstrip() + "…"
    return whole(text)


def whole(words: object) -> str:
    """The same, however long: for what the stage itself says."""
    text = _BREAKS.sub(" ", str(words)).strip()
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))


def code(words: object) -> str:
    """Text as code, also inside a table: there only "|" has to be written otherwise, and a backtick cannot be."""
    text = _BREAKS.sub(" ", str(words)).strip().replace("`", "'").replace("|", "\\|")
    return f"`{text}`" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """A table of cells already made plain; the columns `right` (from 0) are aligned to the right. No rows: "None."."""
    lines = [_row(cells) for cells in rows]
    if not lines:
        return "None."
    rule = _row(["---:" if place in right else ":---" for place in range(len(heads))])
    return "\n".join([_row(heads), rule, *lines])


def bullets(lines: Iterable[str], nothing: str) -> str:
    """A list, or the words for an empty one."""
    return "\n".join(f"- {line}" for line in lines) or nothing


def picture(svg: str, alternative: str) -> str:
    """An SVG carried by the page itself. Prefect shows it; GitHub does not."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{plain(alternative)}](data:image/svg+xml;base64,{data})"


def linked_picture(path: str, alternative: str) -> str:
    """A picture that lies beside the page."""
    return f"![{plain(alternative)}]({path})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
