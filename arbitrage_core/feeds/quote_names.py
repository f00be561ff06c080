"""The names of venues and symbols: which can be one. They reach terminals, pages, commands and a database as they are.

A name that cannot be seen for what it is (control characters, bidirectional marks, spaces that are none) is refused at
the door; everything inside may rely on it.
"""

NAME_CHARACTERS_MAX = 100


def flaw_of(name: object) -> str | None:
    """What is wrong with a name, in words; None when nothing is."""
    if not isinstance(name, str):
        return "is no text"
    if not name.strip():
        return "is empty"
    if len(name) > NAME_CHARACTERS_MAX:
        return f"has {len(name):,} characters, more than {NAME_CHARACTERS_MAX}"
    if not name.isprintable():
        return "has characters that cannot be printed"
    if name != name.strip():
        return "begins or ends with a space"
    return None


def shown(name: object) -> str:
    """A name as it may be shown, in quotes, with escapes for what cannot be printed, and cut when long."""
    text = str(name)
    cut = text[:NAME_CHARACTERS_MAX]
    escaped = cut if cut.isprintable() else cut.encode("unicode_escape").decode("ascii")
    return f"'{escaped}{'…' if len(text) > NAME_CHARACTERS_MAX else ''}'"
