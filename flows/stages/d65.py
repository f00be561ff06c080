"""Stage D65: does the engine trade as its markets and settings say it must, and do all its books agree?

The three campaigns trade the same three symbols on two venues with the same settings, but for what is listed here. What
makes them differ is the market: how many of its price gaps close again, and how long the others stay
(`feeds/synthetic_presets.py`; docs/decisions/0012-campaign-markets.md tells how they were chosen, and the margins).
"""

from flows.stages.stage import Band, Campaign, OldFigures, Remark, Stage

C1 = Campaign(
    name="C1",
    title="mixed: some gaps close, some stay",
    preset="mixed",
    rows=220_000,
    bands=(Band(figure="win_rate", least=0.40, most=0.60),),
)
C2 = Campaign(
    name="C2",
    title="high: nearly all gaps close; ETH enters by resting orders",
    preset="high",
    settings=(
        "symbol.ETH/USDT.entry_order=gtc",
        "symbol.ETH/USDT.working_max_ms=500",
        "symbol.ETH/USDT.slippage_bound_bps=1",
    ),
    rows=260_000,
    bands=(Band(figure="win_rate", least=0.65, most=0.95),),
)
C3 = Campaign(
    name="C3",
    title="low: nearly all gaps stay too long; lone legs are reversed",
    preset="low",
    settings=("single_leg_policy=reverse",),
    rows=240_000,
    bands=(
        Band(figure="win_rate", least=0.05, most=0.35),
        Band(figure="hold_time_loss_share", least=0.5, most=1.0),
    ),
)
"""Rows are as few as leave each seed well above 1,000 closed trades: the leanest of sixty others closed 1,285."""

D65 = Stage(
    name="D65",
    title="Campaigns on synthetic markets",
    purpose=(
        "Shows that the engine wins and loses as often as the market it trades lets it, and that every number it "
        "reports can be found again from its fills. Three campaigns trade markets that differ in how often a price "
        "gap closes: in the first about half the trades should win, in the second most, in the third few. No outcome "
        "is forced: the same engine, the same rules, other prices. Each campaign runs on twenty markets whose seeds "
        "were fixed before any was run, and each of the twenty has to lie inside the band."
    ),
    campaigns=(C1, C2, C3),
    required_exits=("CONVERGED", "HOLD_TIME", "STOP_LOSS", "FEED_ENDED", "SESSION_END", "UNWOUND"),
    required_order_states=(
        "PENDING",
        "OPEN",
        "PARTIALLY_FILLED",
        "UNKNOWN",
        "FILLED",
        "CANCELED",
        "REJECTED",
        "EXPIRED",
    ),
    old_figures={
        "C1": OldFigures(win_rate=1.0),
        "C2": OldFigures(win_rate=1.0),
        "C3": OldFigures(win_rate=0.429),
        "all": OldFigures(entries=16, exits=7),
    },
    remarks=(
        Remark(
            kind="works",
            text="Win rates follow the market: the three bands hold on every one of the twenty seeds, with room.",
        ),
        Remark(
            kind="works",
            text=(
                "Trades leave by convergence, holding time, stop-loss, the end of a feed and the end of the session; "
                "lone legs are completed or unwound; every order state occurs."
            ),
        ),
        Remark(
            kind="works",
            text="Fees, slippage, latency, rejected orders and lost reports are part of every session.",
        ),
        Remark(
            kind="limited",
            text=(
                "The markets are synthetic: the bands say that the engine does what its market lets it do, not that "
                "a real market pays. Jumps come one at a time and independently; real ones come in crowds."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "Take-profit is shown by partial closes: the ladder never closes the last lots, which convergence, the "
                "holding time or the stop then do, so it is never a trade's last reason."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "Books of one level and latency without jitter: depth beyond the touch and chance in the latency are "
                "not tried here. Nor are prints: a resting order fills only when a quote crosses it."
            ),
        ),
        Remark(kind="open", text="Several quote currencies, funding and spot inventories are not traded here."),
        Remark(kind="open", text="Nothing here is live: no exchange was asked, no network failed."),
    ),
)
