"""Stage D67: does the portfolio add up, and do its limits and guards hold?

Three portfolios of markets, the third with weights, exposure limits and capital that bind; and the campaigns of the
guards, in which every rule refuses and every guard trips.
"""

from flows.stages.guard_campaigns import ALL_REFUSALS, ALL_TRIPS, GUARD_CAMPAIGNS
from flows.stages.stage import Band, Campaign, Remark, Stage

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
MOVING_MONEY = ("transfer_cost_bps=5", "rebalancing_bps=0.05")
PRICED_IN = Band(figure="rebalancing_cost_share", least=0.0, most=1.0)
"""What evening out the venues would cost, as a share of what the edges set aside for it."""

P1 = Campaign(
    name="P1",
    title="both mixed",
    preset="mixed",
    symbols={BTC: "mixed", ETH: "mixed"},
    settings=MOVING_MONEY,
    rows=240_000,
    bands=(Band(figure="win_rate", least=0.40, most=0.60), PRICED_IN),
)
P2 = Campaign(
    name="P2",
    title="BTC high, ETH mixed",
    preset="mixed",
    symbols={BTC: "high", ETH: "mixed"},
    settings=MOVING_MONEY,
    rows=240_000,
    bands=(
        Band(figure="win_rate", symbol=BTC, least=0.65, most=0.95),
        Band(figure="win_rate", symbol=ETH, least=0.40, most=0.60),
        PRICED_IN,
    ),
)
P3 = Campaign(
    name="P3",
    title="weights and limits binding: BTC two parts, ETH one, SOL what it finds",
    preset="mixed",
    symbols={BTC: "high", ETH: "mixed", SOL: "mixed"},
    settings=(
        *MOVING_MONEY,
        "portfolio_exposure_max_quote=6100",
        f"symbol.{BTC}.portfolio_weight=2",
        f"symbol.{ETH}.portfolio_weight=1",
        "venue.beta.exposure_max_quote=3100",
        "initial_capital_quote=1300",
    ),
    rows=300_000,
    bands=(Band(figure="refused_by_limits", least=100), PRICED_IN),
)

D67 = Stage(
    name="D67",
    title="One portfolio",
    purpose=(
        "Shows that the portfolio is the sum of its parts, exactly, and that what its symbols share is never "
        "overdrawn. Profit by symbol, by venue, by trade and by booking is the same number in every session, in whole "
        "booking units; equity is what it started with, what was realised and what stands. A third portfolio has "
        "weights, exposure limits and capital that bind. The guard campaigns show every rule refusing an entry and "
        "every guard tripping, reducing and ending what it watches."
    ),
    campaigns=(P1, P2, P3, *GUARD_CAMPAIGNS),
    required_exits=("CONVERGED", "HOLD_TIME", "STOP_LOSS", "FEED_ENDED", "SESSION_END", "REDUCED"),
    required_refusals=ALL_REFUSALS,
    required_trips=ALL_TRIPS,
    remarks=(
        Remark(
            kind="works",
            text="Profit adds up over symbols, venues, trades and bookings to the last unit, at every mark.",
        ),
        Remark(
            kind="works",
            text=(
                "Capital is shared by a stated rule: each symbol with a weight may take its part of what the portfolio "
                "may have exposed and no more; within that, first come, first served. No limit was crossed at any "
                "instant."
            ),
        ),
        Remark(
            kind="works",
            text=(
                "Every rule was seen to refuse and every guard to trip; losses beyond their limit make open trades "
                "leave, then end it; a price that moves past an exposure limit makes the oldest trades leave."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "Money is not moved between venues: the report suggests the moves, and edges set their cost aside. "
                "A venue that runs dry refuses entries until then."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "In the guard campaigns limits are set so tight that they trip; how tight they should be is for each "
                "trader to say."
            ),
        ),
        Remark(kind="open", text="Funding payments are made up here; no market's own schedule of them is known."),
    ),
)
