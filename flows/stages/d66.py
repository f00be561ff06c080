"""Stage D66: does each of several symbols trade as it would alone?

Each symbol has the market of one campaign of D65, all others are beside it. Portfolio limits are wide, so that nothing
is shared. Bands are those of D65, now of each symbol by itself. Rows were chosen on seeds 101 to 130, which keep the
bands with room (`python -m tests.flows.stages.campaign_margins D66 101-130`).
"""

from flows.stages.stage import Band, Campaign, Remark, Stage

BTC, ETH = "BTC/USDT", "ETH/USDT"
WIDE = ("initial_capital_quote=1000000", "orders_per_s_max=256")
"""What symbols share is so wide that it never binds."""
REMEMBERED = ("losses_in_a_row_max=8", "guard_pause_ms=3000")
"""A guard with memory is on: what it remembers of one symbol must be nothing to the other."""
BANDS = {"mixed": (0.40, 0.60), "high": (0.65, 0.95), "low": (0.05, 0.35)}
"""Win rates by market, those of D65."""


def _bands(symbols: dict[str, str]) -> tuple[Band, ...]:
    return tuple(
        Band(figure="win_rate", symbol=symbol, least=BANDS[market][0], most=BANDS[market][1])
        for symbol, market in symbols.items()
    )


def _two(name: str, title: str, btc: str, eth: str) -> Campaign:
    symbols = {BTC: btc, ETH: eth}
    return Campaign(
        name=name,
        title=title,
        preset="mixed",
        symbols=symbols,
        settings=(*WIDE, *REMEMBERED),
        rows=340_000,
        bands=_bands(symbols),
        closed_least=1_500,
        alone=True,
    )


def _many(name: str, count: int, rows: int) -> Campaign:
    return Campaign(
        name=name,
        title=f"{count} symbols at once, all mixed",
        preset="mixed",
        symbols={f"S{number:02}/USDT": "mixed" for number in range(1, count + 1)},
        settings=WIDE,
        rows=rows,
        seeds=(1, 2, 3),
        paper_seed=None,
        alone=True,
    )


M1 = _two("M1", "both mixed", "mixed", "mixed")
M2 = _two("M2", "BTC high, ETH mixed", "high", "mixed")
M3 = _two("M3", "BTC mixed, ETH low", "mixed", "low")

D66 = Stage(
    name="D66",
    title="Several symbols, each on its own",
    purpose=(
        "Shows that symbols traded together are traded as if each were alone. In three campaigns two symbols have "
        "markets of different kinds, and each has to lie in the band of its own kind, on every one of twenty seeds. "
        "Every session is then taken apart: each symbol is run again alone, over its own rows, and again beside "
        "another that is switched off half-way. Its orders, fills, trades and profit must be the same, bit for bit; "
        "the same is asked of twenty and of fifty symbols."
    ),
    campaigns=(M1, M2, M3, _many("W20", 20, 400_000), _many("W50", 50, 750_000)),
    required_exits=("CONVERGED", "HOLD_TIME", "STOP_LOSS", "FEED_ENDED", "SESSION_END"),
    required_order_states=("PENDING", "OPEN", "PARTIALLY_FILLED", "UNKNOWN", "FILLED", "REJECTED", "EXPIRED"),
    required_trips=("LOSSES_MUST_NOT_RUN_ON",),
    remarks=(
        Remark(
            kind="works",
            text="Each symbol keeps the win rate of its own market, whatever the other one is, on every seed.",
        ),
        Remark(
            kind="works",
            text=(
                "Alone, among two, among twenty and among fifty a symbol sends the same orders and makes the same "
                "profit, to the last unit; switching one off changes nothing for the others."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "Independence holds while nothing shared binds: capital, exposure of venues and of the portfolio, "
                "and the order rate of a venue are shared by design. What they do is D67's."
            ),
        ),
        Remark(
            kind="limited",
            text="The symbols' markets are drawn independently; real ones move together when it matters most.",
        ),
        Remark(
            kind="open", text="Twenty and fifty symbols run as backtests here; their pace on live streams is D72's."
        ),
    ),
)
