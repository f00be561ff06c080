"""The sealed document: what a seal says of its session, held against what the journal itself shows.

A seal's checksum finds damage, not a change by somebody who writes it anew. So a replay makes the document anew, from
the rows, the reports and the configuration, and compares figure by figure: a seal that says another one is not
identical. A figure that nothing is known of is a difference as well.

What no replay can make anew is testimony: how long the session took, at which pace, how it came to its end, which
entries a database had, what only its venues know: by what their ledgers broke a law, at which quotes they did not deal.
It decides nothing, and only its names are looked at.
"""

from typing import Any

from arbitrage_core.storage.document import plain_of

TESTIMONY = frozenset(
    {
        *("rows_per_s", "elapsed_s", "pace", "ending", "epoch", "record", "live_state"),
        *("laws", "withheld_quotes", "identical", "difference", "journal"),
    }
)
OF_MEMORY = frozenset({"data_sha256", "rows"})
"""Testimony of a journal that holds its rows: where they came from before, and which of them were the market's."""


def document_difference(said: dict[str, Any], made: dict[str, Any], *, cited: bool) -> str | None:
    """Where a sealed document first says other than `made`, the one made anew; None: nowhere, or it says nothing.

    `cited`: the journal cites its rows, so that what they are is known.
    """
    if not said:
        return None
    untold = TESTIMONY if cited else TESTIMONY | OF_MEMORY
    made = {name: value for name, value in made.items() if name not in untold}
    told = {name: value for name, value in said.items() if name not in untold}
    found = _parting("", told, plain_of(made, "document"))
    return None if found is None else f"its seal says what its journal does not: {found}"


def _parting(where: str, told: Any, made: Any) -> str | None:
    if isinstance(told, dict) and isinstance(made, dict):
        for name in sorted({*told, *made}):
            place = f"{where}.{name}" if where else name
            if name not in made:
                return f"{place} is in it"
            if name not in told:
                return f"{place} is missing"
            if found := _parting(place, told[name], made[name]):
                return found
        return None
    if isinstance(told, list) and isinstance(made, list) and len(told) == len(made):
        pairs = enumerate(zip(told, made, strict=True))
        return next((found for at, pair in pairs if (found := _parting(f"{where}[{at}]", *pair))), None)
    if type(told) is type(made) and told == made:
        return None
    return f"{where} is {_short(told)}, made anew {_short(made)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
