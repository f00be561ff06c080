"""The features of the engine: how trades begin and end, what they cost, how orders live, what the guards stop."""

from flows.stages.feature import Feature, Probe

CAMPAIGNS = ("D64", "D65")
"""The stages whose campaigns trade the campaign markets with all that is on by default."""
GUARDED = ("D64", "D65", "D66", "D67")
"""Limits and switches are off in the first two of these: what they stop is looked for in all four together."""
LIFECYCLE = "tests/test_reference_agreement.py::test_the_engine_and_the_reference_do_the_same"
GUARD_TABLE = "tests/engine/test_guards.py::test_a_guard_allows_only_what_is_inside_its_boundary"


def _exit(name: str, reason: str, why: str, code: str, stages: tuple[str, ...] = CAMPAIGNS) -> Feature:
    probe = Probe(stages=stages, figures=(f"exits.{reason}",))
    return Feature(name=name, stage="D65", why=why, code=(code,), tests=(LIFECYCLE,), probe=probe)


def _guard(name: str, stage: str, why: str, code: str, *paths: str, test: str = GUARD_TABLE) -> Feature:
    """A guard seen at work in any of the stages that set limits."""
    probe = Probe(stages=GUARDED[: GUARDED.index(stage) + 1], figures=paths, together=True)
    return Feature(name=name, stage=stage, why=why, code=(code,), tests=(test,), probe=probe)


TRADES = (
    Feature(
        name="Entries by edge",
        stage="D65",
        why="a trade that does not cover its costs must not begin",
        code=("arbitrage_core.engine.entry:consider_entry", "arbitrage_core.engine.guards:edge_refusal"),
        tests=(LIFECYCLE, GUARD_TABLE),
        probe=Probe(stages=CAMPAIGNS, figures=("figures.entries", "figures.closed"), least=30),
    ),
    _exit("Exit by convergence", "CONVERGED", "how a trade earns", "arbitrage_core.engine.exits:consider_exit"),
    _exit(
        "Exit by holding time", "HOLD_TIME", "no trade is held for ever", "arbitrage_core.engine.exits:consider_exit"
    ),
    _exit("Exit by stop-loss", "STOP_LOSS", "a loss is cut", "arbitrage_core.strategies.taker_taker:loses_too_much"),
    _exit("Exit when a feed ends", "FEED_ENDED", "no trade on dead prices", "arbitrage_core.engine.exits:feed_ended"),
    _exit(
        "Exit at the end of a session",
        "SESSION_END",
        "nothing is left open by accident",
        "arbitrage_core.session.session:Session.end",
        ("D65",),
    ),
    Feature(
        name="Take-profit ladder, partial closes",
        stage="D65",
        why="part of a gain is taken while the rest still runs",
        code=("arbitrage_core.domain.strategy:Rung", "arbitrage_core.engine.exits:leave"),
        tests=(LIFECYCLE,),
        probe=Probe(stages=CAMPAIGNS, figures=("figures.partial_closes",)),
    ),
    Feature(
        name="Fees",
        stage="D65",
        why="most gaps are smaller than four fees",
        code=("arbitrage_core.engine.ledger:book_fee", "arbitrage_core.venues.simulated.reports:fee_of"),
        tests=("tests/statistics/test_model_check.py::test_one_wrong_fee_in_the_configuration_is_seen_at_every_fill",),
        probe=Probe(stages=CAMPAIGNS, figures=("figures.fees_quote",), least=0.01),
    ),
    Feature(
        name="Slippage",
        stage="D65",
        why="the price seen is not the price got",
        code=("arbitrage_core.engine.fills:slippage_of", "arbitrage_core.venues.simulated.matching:fill_px"),
        tests=("tests/statistics/test_executions.py::test_slippage_is_measured_at_the_decision_price",),
        probe=Probe(stages=CAMPAIGNS, figures=("figures.slippage_quote",), least=0.01),
    ),
    Feature(
        name="Fees, slippage and latency as the model says",
        stage="D65",
        why="a cost of the wrong size is as bad as none",
        code=("arbitrage_core.statistics.model_check:model_differences",),
        tests=("tests/statistics/test_model_check.py::test_a_defect_planted_in_the_venue_is_named",),
        probe=Probe(stages=CAMPAIGNS, checks=("fees and slippage are the model's",)),
    ),
)

ORDERS = (
    Feature(
        name="Orders from intent to fill",
        stage="D65",
        why="an order is followed from its intent to its end",
        code=("arbitrage_core.domain.order:OrderState", "arbitrage_core.engine.orders:apply_report"),
        tests=("tests/engine/test_order_states.py::test_a_report_makes_a_legal_change_or_none",),
        probe=Probe(stages=CAMPAIGNS, figures=("order_states.PENDING", "order_states.OPEN", "order_states.FILLED")),
    ),
    Feature(
        name="Orders that expire",
        stage="D65",
        why="what cannot be had within its limit is not had",
        code=("arbitrage_core.venues.simulated.matching:rest_or_expire",),
        tests=("tests/engine/test_order_states.py::test_leaving_a_final_state_breaks_an_invariant",),
        probe=Probe(stages=("D65",), figures=("order_states.EXPIRED",)),
    ),
    Feature(
        name="Rejected orders",
        stage="D65",
        why="venues refuse orders, and one leg may already be filled",
        code=("arbitrage_core.venues.simulated.venue:must_reject",),
        tests=("tests/engine/test_order_states.py::test_reports_move_an_order_forward_and_book_each_lot_once",),
        probe=Probe(stages=CAMPAIGNS, figures=("order_states.REJECTED",)),
    ),
    Feature(
        name="UNKNOWN orders",
        stage="D65",
        why="an order without an answer may have been filled: asked about, never sent again",
        code=("arbitrage_core.engine.orders:doubt",),
        tests=(LIFECYCLE,),
        probe=Probe(stages=CAMPAIGNS, figures=("order_states.UNKNOWN",)),
    ),
    Feature(
        name="Partial fills",
        stage="D65",
        why="less depth than was hoped for",
        code=("arbitrage_core.engine.fills:book_fill", "arbitrage_core.venues.simulated.matching:take"),
        tests=("tests/engine/test_size.py::test_the_walk_takes_what_pays",),
        probe=Probe(stages=("D65",), figures=("order_states.PARTIALLY_FILLED",)),
    ),
    Feature(
        name="Resting orders, canceled in time",
        stage="D65",
        why="an entry that rests must not outlive its edge",
        code=("arbitrage_core.engine.orders:cancel",),
        tests=("tests/engine/test_commands.py::test_a_resting_entry_is_canceled_once_and_at_once",),
        probe=Probe(stages=("D65",), figures=("order_states.CANCELED",)),
    ),
    Feature(
        name="Leg alone completed",
        stage="D65",
        why="the hedge is made whole when that is cheaper",
        code=("arbitrage_core.engine.legs:complete_leg",),
        tests=("tests/engine/test_commands.py::test_a_leg_alone_is_completed_only_where_risk_may_be_added",),
        probe=Probe(stages=("D65",), table="incidents", where=(("resolution", "COMPLETE"),)),
    ),
    Feature(
        name="Leg alone reversed",
        stage="D65",
        why="and given up when that is",
        code=("arbitrage_core.engine.legs:reversing_cost_bps",),
        tests=(LIFECYCLE,),
        probe=Probe(stages=("D65",), figures=("exits.UNWOUND",)),
    ),
    Feature(
        name="Leg alone at its deadline",
        stage="D65",
        why="nobody waits for ever with one leg",
        code=("arbitrage_core.engine.legs:fix", "arbitrage_core.laws.single_leg"),
        tests=("tests/engine/test_commands.py::test_only_the_kill_switch_stops_a_completion_whose_deadline_is_over",),
        probe=Probe(stages=("D65",), table="incidents", where=(("forced", True),)),
    ),
)

BOOKS = (
    Feature(
        name="Exact PnL",
        stage="D65",
        why="a profit that cannot be found again from the fills is none",
        code=("arbitrage_core.engine.ledger:book_realised", "arbitrage_core.domain.money"),
        tests=("tests/statistics/test_summary.py::test_the_parts_of_any_session_add_up_to_the_unit",),
        probe=Probe(
            stages=CAMPAIGNS,
            checks=(
                "trades: realised PnL is cash less fees of its fills, with funding",
                "equity: equity is start, realised, unrealised and revaluation",
            ),
        ),
    ),
    Feature(
        name="Every entry ends once",
        stage="D65",
        why="entries = closed + unwound + open, or a trade was lost",
        code=("arbitrage_core.engine.legs:end_trade",),
        tests=("tests/statistics/test_reconciliation.py::test_a_trade_is_open_from_its_first_fill_to_its_end",),
        probe=Probe(stages=CAMPAIGNS, checks=("entries = closed + unwound + open",)),
    ),
    Feature(
        name="Laws of the platform",
        stage="D65",
        why="what must hold at every instant is checked on the whole evidence of each session",
        code=("arbitrage_core.laws.judgement",),
        tests=("tests/laws/test_tampering.py::test_tampering_is_noticed_by_the_laws_it_breaks_and_by_no_other",),
        probe=Probe(stages=CAMPAIGNS, checks=("all laws hold",)),
    ),
    Feature(
        name="Replay",
        stage="D65",
        why="what happened can be looked at again, to the bit",
        code=("arbitrage_core.session.replay", "arbitrage_core.storage.journal:JournalWriter"),
        tests=("tests/session/test_backtest_and_replay.py::test_a_replay_of_a_backtest_is_identical",),
        probe=Probe(stages=CAMPAIGNS, checks=("replay is identical",)),
    ),
    Feature(
        name="Paper equals backtest",
        stage="D65",
        why="one engine in every mode, or a backtest says nothing of trading",
        code=("arbitrage_core.session.live_runner:LiveRunner", "arbitrage_core.session.paper:run_paper"),
        tests=("tests/session/test_paper.py::test_the_same_rows_leave_the_hash_of_the_backtest",),
        probe=Probe(stages=CAMPAIGNS, checks=("* paper session equals the backtest",)),
    ),
    Feature(
        name="Spot inventories",
        stage="D67",
        why="without a margin only what is held can be sold",
        code=("arbitrage_core.engine.guards:inventory_refusal", "arbitrage_core.statistics.inventory"),
        tests=("tests/statistics/test_inventory.py", GUARD_TABLE),
        probe=Probe(stages=("D66", "D67"), figures=("refusals.INVENTORY_MUST_COVER",), together=True),
        critical=False,
    ),
    Feature(
        name="Several currencies",
        stage="D67",
        why="venues quote and charge in different ones, and a rate grows old",
        code=("arbitrage_core.engine.ledger:converted", "arbitrage_core.engine.step:see_rate"),
        tests=("tests/engine/test_rates.py", GUARD_TABLE),
        probe=Probe(stages=("D66", "D67"), figures=("refusals.RATE_MUST_BE_FRESH",), together=True),
        critical=False,
    ),
    Feature(
        name="Funding",
        stage="D67",
        why="holding a perpetual costs or earns",
        code=("arbitrage_core.engine.ledger:book_funding",),
        tests=(LIFECYCLE,),
        probe=Probe(stages=("D67",), table="funding"),
        critical=False,
    ),
)

GUARDS = (
    Feature(
        name="Guard: cooldown and open trades",
        stage="D65",
        why="one jump must not be traded ten times over",
        code=("arbitrage_core.engine.guards:pace_refusal",),
        tests=(GUARD_TABLE,),
        probe=Probe(stages=CAMPAIGNS, figures=("refusals.COOLDOWN_MUST_BE_OVER", "refusals.OPEN_TRADES_MUST_BE_FEWER")),
    ),
    Feature(
        name="Guard: fresh books, feeds up",
        stage="D65",
        why="a decision on an old price is a guess",
        code=("arbitrage_core.engine.book",),
        tests=(GUARD_TABLE,),
        probe=Probe(stages=("D65",), figures=("refusals.BOOK_MUST_BE_FRESH", "refusals.FEED_MUST_BE_UP")),
    ),
    Feature(
        name="Guard: market in doubt",
        stage="D65",
        why="while an order is UNKNOWN nothing is added",
        code=("arbitrage_core.engine.guards:session_refusal",),
        tests=(GUARD_TABLE,),
        probe=Probe(stages=("D65",), figures=("refusals.MARKET_MUST_NOT_BE_IN_DOUBT",)),
    ),
    _guard(
        "Guard: symbol off",
        "D67",
        "one symbol can be stopped without the others",
        "arbitrage_core.engine.commands:switch_symbol",
        "trips.SYMBOL_MUST_BE_ON",
        test="tests/engine/test_commands.py::test_switching_one_symbol_off_changes_nothing_for_another",
    ),
    _guard(
        "Guard: losses in a row",
        "D66",
        "a market that changed is left alone for a while",
        "arbitrage_core.engine.guard_memory:remember_result",
        "trips.LOSSES_MUST_NOT_RUN_ON",
        test="tests/engine/test_guard_memory.py::test_a_win_begins_the_count_anew_and_a_void_trade_counts_as_neither",
    ),
    _guard(
        "Guard: exposure of symbol, venue and portfolio",
        "D67",
        "what can be lost at once is bounded",
        "arbitrage_core.engine.guards:exposure_refusal",
        "refusals.SYMBOL_EXPOSURE_MUST_STAY_INSIDE",
        "refusals.VENUE_EXPOSURE_MUST_STAY_INSIDE",
        "refusals.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE",
    ),
    _guard(
        "Guard: capital",
        "D67",
        "both legs and the way out are paid for before the first is sent",
        "arbitrage_core.engine.guards:capital_refusal",
        "refusals.CAPITAL_MUST_COVER",
    ),
    _guard(
        "Guard: order rate",
        "D67",
        "a venue that is flooded shuts the door",
        "arbitrage_core.engine.guards:order_rate_refusal",
        "refusals.ORDER_RATE_MUST_STAY_INSIDE",
    ),
    _guard(
        "Guard: slippage beyond the expected",
        "D67",
        "costs that grew make the edge a fiction",
        "arbitrage_core.engine.guard_memory:remember_fill",
        "trips.SLIPPAGE_MUST_BE_AS_EXPECTED",
        test="tests/engine/test_guard_memory.py::test_after_slippage_as_many_fills_are_awaited_again",
    ),
    _guard(
        "Guard: daily loss",
        "D67",
        "a bad day ends before it is a bad week",
        "arbitrage_core.engine.loss_guards:judge_losses",
        "trips.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE",
        "trips.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE",
        test="tests/engine/test_guard_memory.py::test_a_loss_of_the_day_stops_entries_until_midnight",
    ),
    _guard(
        "Guard: drawdown",
        "D67",
        "equity that fell too far needs a person",
        "arbitrage_core.engine.loss_guards:judge_drawdown",
        "trips.DRAWDOWN_MUST_STAY_INSIDE",
    ),
    _guard(
        "Escalation: reduce and flatten",
        "D67",
        "a limit passed from outside needs more than a refusal",
        "arbitrage_core.engine.escalation:judge",
        "exits.REDUCED",
        test="tests/engine/test_escalation.py",
    ),
    _guard(
        "Kill switch",
        "D67",
        "one order stops all new risk, and it latches",
        "arbitrage_core.engine.commands:kill",
        "trips.KILL_SWITCH_MUST_BE_OFF",
        test="tests/engine/test_commands.py::test_nothing_is_entered_until_it_is_released",
    ),
)

ENGINE_FEATURES = (*TRADES, *ORDERS, *BOOKS, *GUARDS)
