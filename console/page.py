"""The page: Rich's console, for people; it shows of text only what prints, and of strangers' text no markup.

A document is made harmless once, as it enters its page (`shown_of`; `shown` of a text beside it), since Rich would read
`[red]` or `[link=…]` in it. Behind that no other character gets through, whatever a `Page` is handed.
"""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.segment import Segment

from console.plain import plain


def shown(text: object) -> str:
    """Plain text for a page, where Rich reads nothing in it as markup."""
    return escape(plain(text))


def shown_of(value: Any) -> Any:
    """A document in which every text is `shown`, names of entries included: what a page of it is made from."""
    if isinstance(value, dict):
        return {shown(name): shown_of(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [shown_of(one) for one in value]
    return shown(value) if isinstance(value, str) else value


class Page(Console):
    """Rich's console, which shows of text only what prints; its own colours and cursor stay."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False)

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(one if one.control else _readable(one) for one in buffer)


def _readable(segment: Segment) -> Segment:
    text = segment.text
    if text.replace("\n", "").isprintable():
        return segment
    return Segment("".join(one if one == "\n" or one.isprintable() else "?" for one in text), segment.style)
