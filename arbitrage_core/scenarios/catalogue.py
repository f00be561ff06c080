"""The catalogue: the scenarios there are, and the settings under which all of them and their baseline run."""

from collections.abc import Callable
from functools import reduce
from operator import add

from arbitrage_core.domain.currency import ABOUT_ONE_USDT, typical
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.scripted import Step
from arbitrage_core.scenarios import proofs
from arbitrage_core.scenarios.scenario import Direction, Injection, Proof, Scenario, Setting

QUOTED_IN, CURRENCY = "USDC", 1
"""What the last venue quotes in beside USDT, and its place among the currencies: a peg that can break."""
RATE_EVERY_S = 20.0

SLIPPAGE_BPS, FEE_BPS, LATENCY_MS, SLOW_MS = 80.0, 15.0, 400.0, 250.0
CRASH_BPS, SPIKE_BPS, DEPEG_BPS, NOISE_BPS, STEP_BPS = -1_000.0, 300.0, -2_200.0, 12.0, 40.0
DEPTH_LEFT, DISTANCE_LEFT = 0.01, 0.1
OUTAGE, STALE, DEPEG = (0.4, 0.5), (0.3, 0.45), (0.5, 2.0)
DEPEG_RAMP_SHARE, STAGGER_SHARE, STEP_SHARE = 0.1, 0.02, 0.25
"""Of the rows' time: how long a peg takes to break; from one symbol to the next, and how long each stays away."""
NO_TRADE_CAN_WIN, PRICES_RUN_BOTH_WAYS = "no win rate is all or nothing", "slippage is felt"
"""Checks that ask what a scenario rules out: a win, where every trade costs more than any spread; slippage above 0,
where prices run away from late orders to either side."""


def stress_settings(venues: tuple[str, ...], symbols: tuple[str, ...], currency: str = "USDT") -> tuple[str, ...]:
    """The settings of baseline and scenarios, as --set takes them: every guard on, with limits that the baseline does
    not reach, in typical amounts of the session's currency. Orders may slip by 100 bps: with the bound of 5 that is the
    default, an order under stress is not dealt, and nothing is felt."""

    def of(usdt: float) -> str:
        return f"{typical(usdt, currency):.12g}"

    return (
        f"notional_quote={of(500)}",
        "slippage_bound_bps=100",
        "complete_bound_bps=100",
        "spread_max_bps=120",
        "frozen_max_ms=5000",
        "slippage_excess_max_bps=15",
        "losses_in_a_row_max=12",
        "guard_pause_ms=60000",
        f"symbol_daily_loss_max_quote={of(600)}",
        f"portfolio_daily_loss_max_quote={of(900)}",
        f"drawdown_max_quote={of(1_000)}",
        "reduce_at=1.25",
        "flatten_at=1.5",
        f"symbol_exposure_max_quote={of(6_000)}",
        f"portfolio_exposure_max_quote={of(15_000)}",
        *(f"venue.{venue}.exposure_max_quote={of(8_000)}" for venue in venues),
        *(f"market.{venues[-1]}.{symbol}.quote_currency={pegged_to(currency)}" for symbol in symbols),
        *(() if currency == "USDT" else (f"reporting_currency={currency}",)),  # of several, USDT is by itself
    )


def pegged_to(currency: str) -> str:
    """Another currency, booked in the same unit: one of it is told to be worth one, until its peg breaks."""
    alike = [name for name in (QUOTED_IN, *ABOUT_ONE_USDT) if booking_unit(name) == booking_unit(currency)]
    return next(name for name in alike if name != currency)


def peg_script(span_s: float) -> tuple[Step, ...]:
    """The rate of the second currency, 1 throughout: what DEPEGGED changes."""
    return tuple(
        Step(at_s=n * RATE_EVERY_S, currency=CURRENCY, rate=1.0) for n in range(int(span_s / RATE_EVERY_S) + 1)
    )


def scenario_of(name: str) -> Scenario:
    """A scenario by its name, in any case. Raises BadInput."""
    if name.upper() not in SCENARIOS:
        raise BadInput(f"no scenario {name!r}", f"there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name.upper()]


# ----------------------------------------------------------------------------------------------------- what is changed


def _venues_really(*settings: str) -> Callable[[Setting], Injection]:
    return lambda setting: Injection(venue_settings=settings)


def _all_of(*injections: Callable[[Setting], Injection]) -> Callable[[Setting], Injection]:
    """One after the other."""
    return lambda setting: reduce(add, (inject(setting) for inject in injections))


def _rows(kind: str, begin: float, end: float, *, last_venue: bool = False, **fields: object):
    """A change of rows from and until shares of their time; everywhere, or at the last venue alone."""

    def inject(setting: Setting) -> Injection:
        venue = setting.venues[-1] if last_venue else ""
        toward = {"toward": setting.venues[0]} if kind == "COLLAPSED" else {}
        return Injection((Distortion(kind=kind, venue=venue, **_during(setting, begin, end), **toward, **fields),))

    return inject


def _during(setting: Setting, begin: float, end: float) -> dict[str, float]:
    return {"from_s": round(begin * setting.span_s, 3), "until_s": round(end * setting.span_s, 3)}


def _pulses(size_bps: float, lasts_s: float, ramp_s: float, count: int, *, last_venue: bool = False):
    """Prices that go and come back, so many times, evenly through the rows."""

    def inject(setting: Setting) -> Injection:
        venue, every_s = setting.venues[-1] if last_venue else "", setting.span_s / (count + 1)
        lasting_s = round(min(lasts_s, every_s / 2), 3)
        pulses = (
            Distortion(
                kind="SHIFTED",
                venue=venue,
                from_s=round(n * every_s, 3),
                until_s=round(n * every_s, 3) + lasting_s,
                size_bps=size_bps,
                ramp_s=min(ramp_s, 0.4 * lasting_s),
            )
            for n in range(1, count + 1)
        )
        return Injection(tuple(pulses))

    return inject


def _stagger_s(setting: Setting) -> float:
    """From one symbol to the next."""
    return setting.span_s * STAGGER_SHARE


def _staggered(setting: Setting) -> Injection:
    """At the last venue one symbol after the other steps away and stays away."""
    lasts_s = setting.span_s * STEP_SHARE
    begins_s = [setting.span_s / 4 + n * _stagger_s(setting) for n in range(len(setting.symbols))]
    return Injection(
        tuple(
            Distortion(
                kind="SHIFTED",
                venue=setting.venues[-1],
                symbol=symbol,
                from_s=round(begin_s, 3),
                until_s=round(begin_s + lasts_s, 3),
                size_bps=STEP_BPS,
            )
            for symbol, begin_s in zip(setting.symbols, begins_s, strict=True)
        )
    )


def _outage(setting: Setting) -> Injection:
    """The last venue says nothing, and takes no order."""
    venue, begin, end = setting.venues[-1], *OUTAGE
    window = _during(setting, begin, end)
    return _rows("DOWN", begin, end, last_venue=True)(setting) + Injection(
        venue_settings=(
            f"venue.{venue}.outage_from_ms={window['from_s'] * 1e3:.0f}",
            f"venue.{venue}.outage_until_ms={window['until_s'] * 1e3:.0f}",
        )
    )


def _depeg(setting: Setting) -> Injection:
    """Slowly, so that it is no windfall of the trades that happen to be open."""
    window = _during(setting, *DEPEG)
    ramp_s = DEPEG_RAMP_SHARE * setting.span_s
    return Injection(
        (Distortion(kind="DEPEGGED", currency=CURRENCY, size_bps=DEPEG_BPS, ramp_s=ramp_s, **window),),
    )


def _seconds(window: tuple[float, float]) -> Callable[[Setting], float]:
    return lambda setting: (window[1] - window[0]) * setting.span_s


def _always(amount: float) -> Callable[[Setting], float]:
    return lambda setting: amount


# --------------------------------------------------------------------------------------------------------- the list


_SLOW = Proof("median time from order to fill", "ms", proofs.answer_ms, _always(2 * SLOW_MS))
_COSTS = (
    Scenario(
        name="SLIPPAGE_STRESS",
        title="every fill is 80 bps worse than its book",
        inject=_venues_really(f"slippage_bps={SLIPPAGE_BPS:g}"),
        proofs=(Proof("mean realised slippage", "bps", proofs.realised_slippage_bps, _always(SLIPPAGE_BPS)),),
        direction=Direction.DOWN,
        trips=(Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED.name, Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE.name),
        releases=(Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED.name,),
        raised_term="slippage_bps",
        spares=(NO_TRADE_CAN_WIN,),
    ),
    Scenario(
        name="FEE_SURGE",
        title="venues charge 0.15 %, and say nothing of it",
        inject=_venues_really(f"taker_fee_bps={FEE_BPS:g}"),
        proofs=(Proof("fees charged", "bps", proofs.charged_fee_bps, _always(FEE_BPS)),),
        direction=Direction.DOWN,
        trips=(Refusal.LOSSES_MUST_NOT_RUN_ON.name,),
        releases=(Refusal.LOSSES_MUST_NOT_RUN_ON.name,),
        raised_term="taker_fee_bps",
        spares=(NO_TRADE_CAN_WIN,),
    ),
    Scenario(
        name="LATENCY_STORM",
        title="orders and reports take 400 ms each way",
        inject=_venues_really(f"latency_ms={LATENCY_MS:g}"),
        proofs=(Proof("median time from order to fill", "ms", proofs.answer_ms, _always(2 * LATENCY_MS)),),
        direction=Direction.DOWN,
    ),
)
_PRICES = (
    Scenario(
        name="FLASH_CRASH",
        title="all prices fall by a tenth within a second and come back, four times; venues answer late",
        inject=_all_of(_pulses(CRASH_BPS, 6.0, 1.0, 4), _venues_really(f"latency_ms={SLOW_MS:g}")),
        proofs=(
            Proof("fall of the market that fell least", "bps", proofs.moved_everywhere_bps, _always(CRASH_BPS)),
            _SLOW,
        ),
        direction=Direction.DOWN,
        refuses=(Refusal.PRICE_MUST_BE_PLAUSIBLE.name,),
        spares=(PRICES_RUN_BOTH_WAYS,),
    ),
    Scenario(
        name="FLASH_SPIKE_ONE_VENUE",
        title="one venue's prices rise by 3 %, for longer than a trade is held, and come back, ten times",
        inject=_pulses(SPIKE_BPS, 60.0, 15.0, 10, last_venue=True),
        proofs=(Proof("rise at that venue alone", "bps", proofs.moved_at_one_venue_bps, _always(SPIKE_BPS)),),
        direction=Direction.DOWN,
        refuses=(Refusal.PRICE_MUST_BE_PLAUSIBLE.name,),
    ),
    Scenario(
        name="FLASH_SPIKE_ALL_VENUES",
        title="all prices rise by 3 % within two seconds and come back, ten times; venues answer late",
        inject=_all_of(_pulses(SPIKE_BPS, 6.0, 2.0, 10), _venues_really(f"latency_ms={SLOW_MS:g}")),
        proofs=(
            Proof("rise of the market that rose least", "bps", proofs.moved_everywhere_bps, _always(SPIKE_BPS)),
            _SLOW,
        ),
        direction=Direction.DOWN,
    ),
    Scenario(
        name="NOISE_SATURATION",
        title="every price is off by chance, by 12 bps, and gone when an order arrives: venues answer late",
        inject=_all_of(
            _rows("NOISY", 0.0, 2.0, size_bps=NOISE_BPS, seed=69), _venues_really(f"latency_ms={SLOW_MS:g}")
        ),
        proofs=(Proof("deviation of the changes", "bps", proofs.noise_bps, _always(NOISE_BPS)), _SLOW),
        direction=Direction.DOWN,
        trips=(Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED.name, Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE.name),
        releases=(Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED.name,),
        entries_most=6.0,
    ),
    Scenario(
        name="MULTISYMBOL_STAGGER",
        title="one symbol after the other steps away by 40 bps, and stays for long",
        inject=_staggered,
        proofs=(Proof("from one symbol to the next", "s", proofs.stagger_s, _stagger_s),),
        direction=Direction.DOWN,
        trips=(Refusal.LOSSES_MUST_NOT_RUN_ON.name,),
        releases=(Refusal.LOSSES_MUST_NOT_RUN_ON.name,),
        symbols_least=2,
    ),
)
_VENUES = (
    Scenario(
        name="VENUE_OUTAGE",
        title="a venue says that it is down, falls silent and takes no order",
        inject=_outage,
        proofs=(Proof("longest silence of a venue", "s", proofs.silence_s, _seconds(OUTAGE)),),
        direction=Direction.DOWN,
        refuses=(Refusal.FEED_MUST_BE_UP.name,),
    ),
    Scenario(
        name="STALE_FEED",
        title="a venue sends its last quotes again and again",
        inject=_rows("FROZEN", *STALE, last_venue=True),
        proofs=(Proof("age of the oldest quote", "s", proofs.oldest_quote_s, _seconds(STALE)),),
        direction=Direction.DOWN,
        refuses=(Refusal.BOOK_MUST_BE_FRESH.name,),
    ),
    Scenario(
        name="SPREAD_COLLAPSE",
        title="venues agree: a tenth of what lies between their prices is left",
        inject=_rows("COLLAPSED", 0.25, 0.75, factor=DISTANCE_LEFT),
        proofs=(Proof("distance left between venues", "of it", proofs.distance_left, _always(DISTANCE_LEFT)),),
        direction=Direction.NEARER_ZERO,
    ),
    Scenario(
        name="LIQUIDITY_DROUGHT",
        title="books show a hundredth of their depth",
        inject=_rows("THINNED", 0.0, 2.0, factor=DEPTH_LEFT),
        proofs=(Proof("depth left", "of it", proofs.depth_left, _always(DEPTH_LEFT)),),
        direction=Direction.NEARER_ZERO,
    ),
    Scenario(
        name="QUOTE_DEPEG",
        title=f"what one venue quotes in, {QUOTED_IN}, loses 22 % and does not come back",
        inject=_depeg,
        proofs=(Proof("fall of the rate", "bps", proofs.rate_moved_bps, _always(DEPEG_BPS)),),
        direction=Direction.DOWN,
        trips=(Refusal.DRAWDOWN_MUST_STAY_INSIDE.name,),
        refuses=(Refusal.PRICE_MUST_BE_PLAUSIBLE.name,),
        currencies_least=2,
    ),
)

SCENARIOS: dict[str, Scenario] = {one.name: one for one in (*_COSTS, *_PRICES, *_VENUES)}
