"""The foreign file: what a file that is no recording seems to be, and how to make one of it.

People come with what an exchange's archive, a data vendor or a charting library gave them. The answer names the columns
that are missing, those of the file that seem to be meant by them, and the unit of its times. It guesses from names and
from one value, and says so; nothing is ever read by a guess.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.quote_names import shown
from arbitrage_core.feeds.quote_time import unit_meant

FORMAT = (
    "a recording has ts_ns (nanoseconds since 1970 UTC as int64, or time stamps), venue, symbol, bid_px, bid_qty, "
    "ask_px, ask_qty, optionally exch_ts_ns and deeper levels bid_px_1, …"
)
COLUMNS_SHOWN_MAX = 12

MEANT: dict[str, tuple[str, ...]] = {
    "ts_ns": (
        *("local_timestamp", "received_time", "receipt_timestamp", "recv_time", "local_time", "timestamp", "ts"),
        *("time", "transaction_time", "event_time", "datetime", "date", "t", "e"),
    ),
    "venue": ("exchange", "exchange_id", "market", "source"),
    "symbol": ("instrument", "instrument_id", "ticker", "pair", "product_id", "s"),
    "bid_px": ("bid_price", "best_bid_price", "best_bid", "bidprice", "bid", "bids[0].price", "bid1", "b"),
    "bid_qty": (
        *("bid_amount", "best_bid_qty", "best_bid_quantity", "best_bid_size", "bid_size", "bidqty", "bid_quantity"),
        *("bids[0].amount", "bid_volume", "b_qty"),
    ),
    "ask_px": ("ask_price", "best_ask_price", "best_ask", "askprice", "ask", "asks[0].price", "ask1", "a"),
    "ask_qty": (
        *("ask_amount", "best_ask_qty", "best_ask_quantity", "best_ask_size", "ask_size", "askqty", "ask_quantity"),
        *("asks[0].amount", "ask_volume", "a_qty"),
    ),
}
"""How others name what a column of a recording says, in lower case; the first that a file has is taken to be meant."""
NAMES = ("venue", "symbol")
BARS = {"open", "high", "low", "close"}
TRADES = ({"px", "price"}, {"qty", "size", "amount", "quantity", "side", "taker_side"})
BEGINNINGS = (
    (b"PK\x03\x04", "a ZIP archive, as .npz and .xlsx are"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1f\x8b", "compressed by gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard"),
    (b"ARROW1", "a Feather or Arrow file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file cut short or damaged"),
)


def not_a_parquet_file(path: Path, why: str) -> BadInput:
    """The refusal of a file that cannot be opened as Parquet."""
    kind = _kind_of(path)
    if kind.startswith("a Parquet file"):
        return BadInput(f"{path}: not a Parquet file that can be read: {kind} ({why})", "fetch or record it again")
    return BadInput(
        f"{path}: not a Parquet file that can be read{f': it seems to be {kind}' if kind else f' ({why})'}",
        f"store its quotes as Parquet, for example with pandas (read it, name its columns, to_parquet); {FORMAT}",
    )


def not_a_recording(
    path: Path, names: Sequence[str], missing: Sequence[str], first_value: Callable[[str], object]
) -> BadInput:
    """The refusal of a Parquet file without these columns. `first_value` gives the first value of one it has."""
    there = ", ".join(shown(name)[1:-1] for name in names[:COLUMNS_SHOWN_MAX])
    more = ", …" if len(names) > COLUMNS_SHOWN_MAX else ""
    cause = f"{path}: no column {', '.join(missing)}; it has {there or 'no columns'}{more}"
    return BadInput(cause, "; ".join([*_advice(names, missing, first_value), FORMAT]))


def _advice(names: Sequence[str], missing: Sequence[str], first_value: Callable[[str], object]) -> list[str]:
    by_lower = {name.lower(): name for name in reversed(names)}
    meant = {
        name: found
        for name in missing
        if (found := next((by_lower[other] for other in (name, *MEANT.get(name, ())) if other in by_lower), None))
    }
    if not {"bid_px", "ask_px"} & {*meant, *names}:
        if by_lower.keys() >= BARS:
            return ["bars do not say at what one could buy and sell at an instant: best bid and ask are needed"]
        if all(by_lower.keys() & some for some in TRADES):
            return ["trades do not say what could be bought and sold at an instant: best bid and ask are needed"]
    advice = []
    renamed = [f"{found} → {name}" for name, found in meant.items() if name != "ts_ns"]
    if renamed:
        advice.append(f"rename {', '.join(renamed)}")
    if "ts_ns" in meant:
        advice.append(_time_advice(meant["ts_ns"], first_value(meant["ts_ns"])))
    added = [name for name in NAMES if name in missing and name not in meant]
    if added:
        advice.append(f"add {' and '.join(added)}: a text in every row, as you call it")
    return advice


def _time_advice(name: str, value: object) -> str:
    unit = unit_meant(value) if isinstance(value, int) and not isinstance(value, bool) else None
    if unit is not None:
        return f"ts_ns is {name} × {unit[1]:,} ({unit[0]} now)"
    return f"ts_ns is {name}, in nanoseconds"


def _kind_of(path: Path) -> str:
    """What a file seems to be by its first bytes; empty when nothing is known."""
    try:
        with path.open("rb") as file:
            begin = file.read(512)
    except OSError:
        return ""
    if not begin:
        return "empty"
    for beginning, kind in BEGINNINGS:
        if begin.startswith(beginning):
            return kind
    try:
        text = begin.decode("utf-8")
    except UnicodeDecodeError as error:
        text = begin[: error.start].decode("utf-8") if error.start >= len(begin) - 3 else ""
    if text and all(character.isprintable() or character in "\r\n\t" for character in text):
        return "text, as JSON is" if text.lstrip()[:1] in ("{", "[") else "text, as CSV is"
    return ""
