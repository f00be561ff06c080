"""The table of a campaign's symbols: what each brought over all seeds, and in the last row all of them together.

Money is added up as decimals, never as floats. A figure is the double nearest to its amount, so its shortest decimal
is the amount itself as long as that has no more than fifteen digits: ten million, in the unit of USDT.
"""

import math
from collections.abc import Iterable
from decimal import Decimal

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.report.markdown import code, plain, table
from flows.report.quantity import NOTHING, bare, money, number
from flows.report.tables import FAILED, PASSED, by_seed
from flows.stages.stage import Campaign

PORTFOLIO = "portfolio"


def symbol_sections(campaign: Campaign, outcome: CampaignOutcome, currency: str = "") -> list[str]:
    """The table, and whether its symbols add up to the whole; nothing where no session told its symbols apart.

    Of the backtests: a paper session repeats one of them.
    """
    seeds = outcome.backtests
    symbols = list(dict.fromkeys(symbol for one in seeds for symbol in one.symbols))
    if not symbols:
        return []
    rows = [
        _row(plain(symbol), code(campaign.symbols.get(symbol, campaign.preset)), seeds, symbol, [symbol], currency)
        for symbol in symbols
    ]
    rows.append(_row(PORTFOLIO, "", seeds, "", symbols, currency))
    its = f", {currency}" if currency else ""
    heads = ["symbol", "market", "entries", "closed", "win rate, %", f"net PnL{its}", "of a seed", f"fees{its}"]
    return [table(heads, rows, right=tuple(range(2, len(heads)))), adding_up(outcome, currency)]


def _row(name: str, market: str, seeds: Iterable[SeedOutcome], of: str, symbols: list[str], currency: str) -> list[str]:
    """A symbol, or with `of` empty the whole: its counts and money are the sums of the symbols'."""
    seeds = list(seeds)
    sums = {
        figure: exact_sum(one.figure(figure, symbol) for one in seeds for symbol in symbols)
        for figure in ("entries", "closed", "pnl_quote", "fees_quote")
    }
    return [
        name,
        market,
        number(sums["entries"]),
        number(sums["closed"]),
        _span("win_rate", [one.figure("win_rate", of) for one in seeds]),
        money(sums["pnl_quote"], currency, signed=True),
        _span("pnl_quote", [one.figure("pnl_quote", of) for one in seeds], currency, signed=True),
        money(sums["fees_quote"], currency),
    ]


def exact_sum(values: Iterable[float | None]) -> Decimal | None:
    """The sum of figures as the decimals they are: 0.1 + 0.2 is 0.3. Those not measured add nothing; None: all are."""
    found = [Decimal(repr(float(value))) for value in values if value is not None and math.isfinite(value)]
    return sum(found, Decimal(0)) if found else None


def adding_up(outcome: CampaignOutcome, currency: str = "") -> str:
    """In words whether in every session the PnL of its symbols is that of the whole, to the last unit."""
    told = [one for one in by_seed(outcome) if one.symbols]
    parted = [one for one in told if not adds_up(one)]
    if not parted:
        total = exact_sum(one.figure("pnl_quote") for one in outcome.backtests if one.symbols)
        whole = f"{_digits(total)} {currency}".rstrip()
        return (
            f"{PASSED} The PnL of the symbols adds up to the portfolio's in every session; over all seeds to {whole}."
        )
    first = parted[0]
    return (
        f"{FAILED} The PnL of the symbols does not add up to the portfolio's in {number(len(parted))} of "
        f"{number(len(told))} sessions: seed {first.seed}, {plain(first.mode)}: {_digits(_of_symbols(first))}, not "
        f"{_digits(exact_sum([first.figure('pnl_quote')]))}."
    )


def adds_up(one: SeedOutcome) -> bool:
    """Whether the PnL of a session's symbols is that of the session; what was not measured does not."""
    whole = exact_sum([one.figure("pnl_quote")])
    return whole is not None and _of_symbols(one) == whole


def _of_symbols(one: SeedOutcome) -> Decimal | None:
    return exact_sum(one.figure("pnl_quote", symbol) for symbol in one.symbols)


def _digits(value: Decimal | None) -> str:
    """All its digits, none for show."""
    if value is None:
        return NOTHING
    return number(value, max(0, -int(value.normalize().as_tuple().exponent)), signed=True)


def _span(figure: str, values: list[float | None], currency: str = "", *, signed: bool = False) -> str:
    """From least to most; one value when they are the same."""
    found = [value for value in values if value is not None and math.isfinite(value)]
    if not found:
        return NOTHING
    least, most = (bare(figure, end, currency, signed=signed) for end in (min(found), max(found)))
    return least if least == most else f"{least} to {most}"
