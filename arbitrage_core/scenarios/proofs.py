"""The proofs: how much was injected, measured on rows or fills and never taken from what was meant.

Each is a function of (baseline, stressed) to a number, or None when there is nothing to measure. Rows are compared one
by one: the distortions keep their number and order.
"""

from collections.abc import Iterator

import numpy as np

from arbitrage_core.domain.row import RowKind
from arbitrage_core.scenarios.run import Run
from arbitrage_core.statistics.amounts import quotient, total
from arbitrage_core.statistics.columns import Columns
from arbitrage_core.statistics.executions import Executions, slippage_bps

BPS = 1e4
NS_PER_S = 1e9
NS_PER_MS = 1e6


def realised_slippage_bps(baseline: Run, stressed: Run) -> float | None:
    """Mean slippage of all fills over their value at the decision price, beyond what the baseline's fills had."""
    before, after = (slippage_bps(Columns.of(run.log.fills)) for run in (baseline, stressed))
    return None if before is None or after is None else after - before


def charged_fee_bps(baseline: Run, stressed: Run) -> float | None:
    """Fees charged over what was dealt."""
    fills = stressed.log.fills
    return quotient(total(fills["fee_reporting_amount"]) * BPS, total(np.abs(fills["cash_reporting_amount"])))


def answer_ms(baseline: Run, stressed: Run) -> float | None:
    """Median time from an order's submit to its first fill being known; the mean would hold reports that were lost."""
    waited_ns = Executions.of(stressed.log.orders, stressed.log.fills).to_fill_ns
    waited_ns = waited_ns[waited_ns >= 0]
    return float(np.median(waited_ns)) / NS_PER_MS if len(waited_ns) else None


def moved_everywhere_bps(baseline: Run, stressed: Run) -> float | None:
    """How far prices were moved at the market that was moved least, at its furthest."""
    furthest = _furthest_moves(baseline, stressed)
    return min(furthest.values(), key=abs) if furthest else None


def moved_at_one_venue_bps(baseline: Run, stressed: Run) -> float | None:
    """How far prices were moved at the only venue where any was; None when there is none, or more than one."""
    moved = {market: by for market, by in _furthest_moves(baseline, stressed).items() if by != 0.0}
    if len({venue for venue, _ in moved}) != 1:
        return None
    return min(moved.values(), key=abs)


def noise_bps(baseline: Run, stressed: Run) -> float | None:
    """Standard deviation of what prices were changed by, over the quotes that were changed."""
    changes = np.concatenate([_moves(before, after) for _, before, after in _quotes(baseline, stressed)] or [[]])
    changes = changes[changes != 0.0]
    return float(changes.std() * BPS) if len(changes) > 1 else None


def stagger_s(baseline: Run, stressed: Run) -> float | None:
    """The time from the first changed quote of a symbol to that of the next one, the mean over all of them."""
    first_ns: dict[int, int] = {}
    for rows, before, after in _quotes(baseline, stressed):
        for at in np.flatnonzero(_moves(before, after)):
            first_ns.setdefault(int(rows["symbol"][at]), int(rows["now_ns"][at]))
    if len(first_ns) < len(stressed.config.symbols):
        return None
    return float(np.diff(sorted(first_ns.values())).mean()) / NS_PER_S if len(first_ns) > 1 else None


def silence_s(baseline: Run, stressed: Run) -> float | None:
    """The longest time in which a venue did not quote at all."""
    longest, last_ns = 0, dict.fromkeys(range(len(stressed.config.venues)), None)
    for rows in stressed.rows:
        quotes = rows["kind"] == RowKind.QUOTE
        for venue, before_ns in last_ns.items():
            now_ns = rows["now_ns"][quotes & (rows["venue"] == venue)]
            if not len(now_ns):
                continue
            gaps_ns = np.diff(now_ns, prepend=now_ns[0] if before_ns is None else before_ns)
            longest, last_ns[venue] = max(longest, int(gaps_ns.max())), int(now_ns[-1])
    return longest / NS_PER_S


def oldest_quote_s(baseline: Run, stressed: Run) -> float | None:
    """The greatest age at which a quote was handed over."""
    ages = [int((rows["now_ns"] - rows["received_ns"]).max()) for rows in stressed.rows]
    return max(ages) / NS_PER_S if ages else None


def distance_left(baseline: Run, stressed: Run) -> float | None:
    """Mean distance between a quote's mid and the first venue's last one, as a share of what it is in the baseline;
    over the quotes that were changed."""
    apart = np.zeros(2)
    lasts: dict[int, float] = {}
    for rows, before, after in _quotes(baseline, stressed):
        changed, symbols = _moves(before, after) != 0.0, rows["symbol"]
        for symbol in np.unique(symbols).tolist():
            leads = np.flatnonzero((symbols == symbol) & (rows["venue"] == 0))
            at = np.flatnonzero((symbols == symbol) & changed)
            known = np.concatenate(([lasts.get(symbol, np.nan)], before[leads]))
            target = known[np.searchsorted(leads, at)]
            apart += [np.nansum(np.abs(mids[at] / target - 1.0)) for mids in (before, after)]
            if len(leads):
                lasts[symbol] = float(before[leads[-1]])
    return quotient(float(apart[1]), float(apart[0]))


def depth_left(baseline: Run, stressed: Run) -> float | None:
    """What was left of the quantities, over the quotes whose quantities were changed."""
    sums = np.zeros(2)
    for before, after in zip(baseline.rows, stressed.rows, strict=True):
        both = (before["kind"] == RowKind.QUOTE) & (after["kind"] == RowKind.QUOTE)
        changed = both & (before["bid_qty"][:, 0] != after["bid_qty"][:, 0])
        sums += [rows["bid_qty"][changed].sum() + rows["ask_qty"][changed].sum() for rows in (before, after)]
    return quotient(float(sums[1]), float(sums[0]))


def rate_moved_bps(baseline: Run, stressed: Run) -> float | None:
    """How far a currency's rate was moved, at its furthest."""
    moves = []
    for before, after in zip(baseline.rows, stressed.rows, strict=True):
        rates = (before["kind"] == RowKind.RATE) & (after["kind"] == RowKind.RATE)
        moves.append(after["rate"][rates] / before["rate"][rates] - 1.0)
    return _furthest(np.concatenate(moves or [[]])) * BPS if any(map(len, moves)) else None


# ------------------------------------------------------------------------------------------------------- row by row


def _quotes(baseline: Run, stressed: Run) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each array those that are quotes in both runs, and their mids before and after: ROW[k], f8[k], f8[k]. A book
    without both sides has no mid, and is left out."""
    for before, after in zip(baseline.rows, stressed.rows, strict=True):
        both = (before["kind"] == RowKind.QUOTE) & (after["kind"] == RowKind.QUOTE)
        both &= (before["bid_px"][:, 0] > 0.0) & (before["ask_px"][:, 0] > 0.0)
        yield before[both], *((rows["bid_px"][both, 0] + rows["ask_px"][both, 0]) / 2 for rows in (before, after))


def _moves(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """By what share each mid was changed; exactly 0 where it was not."""
    return np.where(before == after, 0.0, after / before - 1.0)


def _furthest(moves: np.ndarray) -> float:
    return float(moves[np.argmax(np.abs(moves))])


def _furthest_moves(baseline: Run, stressed: Run) -> dict[tuple[int, int], float]:
    """By market (venue, symbol) the change of a mid that is furthest from none, in bps."""
    found: dict[tuple[int, int], float] = {}
    for rows, before, after in _quotes(baseline, stressed):
        moves = _moves(before, after)
        for venue in range(len(stressed.config.venues)):
            for symbol in range(len(stressed.config.symbols)):
                own = moves[(rows["venue"] == venue) & (rows["symbol"] == symbol)]
                if len(own):
                    found[venue, symbol] = max(found.get((venue, symbol), 0.0), _furthest(own) * BPS, key=abs)
    return found
