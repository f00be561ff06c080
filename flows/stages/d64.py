"""Stage D64: the audit of what is there, what was shown of it and what is missing, and the standard campaigns.

The standard campaigns trade the mixed market for one hour with one symbol, one hour with two and six hours with two.
What each must show was stated from seeds 101 to 140 (S6: 101 to 108), none of its own: the least seen, less room.
"""

from flows.stages.stage import Band, Campaign, Remark, Stage

HOUR_S = 3_600.0
ONE = {"BTC/USDT": "mixed"}
TWO = {"BTC/USDT": "mixed", "ETH/USDT": "mixed"}

S1 = Campaign(
    name="S1",
    title="one hour, one symbol",
    preset="mixed",
    symbols=ONE,
    span_s=HOUR_S,
    bands=(Band(figure="win_rate", least=0.30, most=0.70),),
    closed_least=250,
    shows={
        "exits.CONVERGED": 50,
        "exits.HOLD_TIME": 100,
        "exits.STOP_LOSS": 10,
        "figures.partial_closes": 60,
        "figures.fees_quote": 300,
        "figures.slippage_quote": 30,
        "order_states.FILLED": 1_000,
        "order_states.REJECTED": 1,
        "order_states.UNKNOWN": 1,
        "refusals.COOLDOWN_MUST_BE_OVER": 1_000,
        "refusals.OPEN_TRADES_MUST_BE_FEWER": 1_000,
    },
)
S2 = Campaign(
    name="S2",
    title="one hour, two symbols",
    preset="mixed",
    symbols=TWO,
    span_s=HOUR_S,
    bands=(Band(figure="win_rate", least=0.35, most=0.65),),
    closed_least=550,
    shows={
        "exits.CONVERGED": 120,
        "exits.HOLD_TIME": 250,
        "exits.STOP_LOSS": 30,
        "figures.partial_closes": 130,
        "figures.fees_quote": 700,
        "figures.slippage_quote": 70,
        "order_states.FILLED": 2_000,
        "order_states.EXPIRED": 2,
        "order_states.REJECTED": 8,
        "order_states.UNKNOWN": 3,
    },
)
S6 = Campaign(
    name="S6",
    title="six hours, two symbols",
    preset="mixed",
    symbols=TWO,
    span_s=6 * HOUR_S,
    seeds=(1, 2, 3),
    bands=(Band(figure="win_rate", least=0.42, most=0.58),),
    closed_least=4_000,
    shows={
        "exits.CONVERGED": 1_000,
        "exits.HOLD_TIME": 2_000,
        "exits.STOP_LOSS": 400,
        "exits.FEED_ENDED": 20,
        "exits.UNWOUND": 1,
        "figures.partial_closes": 1_000,
        "figures.fees_quote": 6_000,
        "figures.slippage_quote": 600,
        "order_states.FILLED": 15_000,
        "order_states.PARTIALLY_FILLED": 10,
        "order_states.EXPIRED": 40,
        "order_states.REJECTED": 120,
        "order_states.UNKNOWN": 60,
        "refusals.BOOK_MUST_BE_FRESH": 20,
        "refusals.FEED_MUST_BE_UP": 200,
        "refusals.MARKET_MUST_NOT_BE_IN_DOUBT": 5,
    },
)

D64 = Stage(
    name="D64",
    title="System audit",
    purpose=(
        "Says what of the mission is there, what was shown of it, and what is missing: for each feature its code, its "
        "tests, and what was measured of it on this code, found in the checkout and in the record and not in prose "
        "(docs/D64_SYSTEM_AUDIT.md). A long list of gaps does not reject it; a list that is untrue does. So the audit "
        "is tried on sessions with one feature switched off, and has to name just that one. The standard campaigns "
        "are what the features of the engine are measured on first."
    ),
    campaigns=(S1, S2, S6),
    required_exits=("CONVERGED", "HOLD_TIME", "STOP_LOSS", "FEED_ENDED", "UNWOUND"),
    required_order_states=("PENDING", "OPEN", "PARTIALLY_FILLED", "UNKNOWN", "FILLED", "REJECTED", "EXPIRED"),
    remarks=(
        Remark(
            kind="works",
            text="The audit names the feature that was switched off, each time and no other, by what a session shows.",
        ),
        Remark(
            kind="limited",
            text=(
                "Existing code and a passing figure do not prove a feature right; that is what the tests and the later "
                "stages are for. The audit proves that it is there, that it has tests, and that it was seen at work."
            ),
        ),
        Remark(
            kind="limited",
            text="The standard campaigns run in simulated time; one seed runs in real time with --mode paper.",
        ),
        Remark(kind="open", text="The gaps, each with the stage that owns it, are in docs/D64_SYSTEM_AUDIT.md."),
    ),
)
