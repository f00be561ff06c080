"""The synthetic process: compiled, from draws to rows.

Everything is built from IEEE additions, multiplications, divisions and square roots, which every machine rounds alike:
no exponential, no logarithm. So decay over dt is `1 / (1 + dt/τ)` (implicit Euler) where a textbook has `exp(-dt/τ)`,
and `exp(x)` is `(1 + x/64)^64`.

Where it is wrong: all markets of a symbol update equally often and independently of what happens; jumps come one at a
time; the venues' clocks are ours (`venue_ns = received_ns = now_ns`); depth does not answer to volatility; the mid is
held within a factor of 16 of where it started; a venue halts one symbol, never all of them together.
"""

from functools import lru_cache
from math import ceil, floor, sqrt

import numpy as np

from arbitrage_core.domain.compiled import Compiled, compiled, rebind
from arbitrage_core.domain.record import record
from arbitrage_core.domain.row import FeedStatus, RowKind

PROCESS_VENUES_MAX = 8
MID_RANGE = 16.0
SQRT_3 = 1.7320508075688772
_QUOTE, _FEED = int(RowKind.QUOTE), int(RowKind.FEED)
_UP, _ENDED = int(FeedStatus.UP), int(FeedStatus.ENDED)
NO_VENUE, NOT_HALTED = np.int64(-1), 0

PROCESS = record(
    venues="i8",
    symbol="i8",  # index written to the rows
    price_start="f8",
    ticks_per_unit="f8",  # price steps in one unit of the quote currency
    lots_per_unit="f8",  # quantity steps in one unit of the base currency
    level_step_ticks="f8",
    level_qty="f8",  # median, base currency
    level_sigma="f8",
    update_gap_s="f8",  # mean time between two updates of the symbol
    volatility="f8",  # fraction per square root of a second
    half_spreads=("f8", (2,)),  # fraction; calm, stressed
    premium_sds=("f8", (2,)),  # fraction; calm, stressed
    jump_rates=("f8", (2,)),  # per second; calm, stressed
    switch_rates=("f8", (2,)),  # per second, out of calm, out of stressed
    premium_reversion_s="f8",
    jump_min="f8",  # fraction
    jump_width="f8",  # fraction
    jump_reverting_share="f8",
    jump_decay_s="f8",
    jump_persistence_s="f8",
    gap_rate="f8",
    gap_mean_s="f8",
    thin_rate="f8",
    thin_mean_s="f8",
    thin_factor="f8",
    halt_rate="f8",
    halt_mean_s="f8",
)
"""A `SyntheticMarket` of one symbol, in the units the process works in."""

VENUE_STATE = record(
    updated_ns="i8",
    silent_until_ns="i8",
    thin_until_ns="i8",
    halted_until_ns="i8",  # 0: not halted; stays until the row that says it is over
    noise="f8",
    quick="f8",
    lasting="f8",
)
"""Of one market: its premium's three parts, as fractions, at the time of its last update."""

PROCESS_STATE = record(now_ns="i8", stressed="i8", mid="f8", venues=(VENUE_STATE, (PROCESS_VENUES_MAX,)))
"""Where a symbol's process stands."""


@compiled
def bits_share(bits, position):
    """The 16 bits at position 0 to 3 of 64 as a number in [0, 1)."""
    return ((bits >> (16 * position)) & 0xFFFF) / 65536.0


@compiled
def duration_ns(mean_s, share):
    """Uniform between half and one and a half of the mean."""
    return np.int64(mean_s * (0.5 + share) * 1e9)


@compiled
def jump(process, venue, bits, share):
    """Adds a jump to one venue's premium. Writes venue."""
    size = process.jump_min + process.jump_width * share
    signed = size if bits_share(bits, 1) < 0.5 else -size
    if bits_share(bits, 2) < process.jump_reverting_share:
        venue.quick += signed
    else:
        venue.lasting += signed


@compiled
def befall(process, state, chance, bits, dt_s):
    """Lets at most one incident happen within dt: a jump, a change of regime, a gap, a thin book, a halt. Writes state.

    `chance` in [0, 1) decides whether and which; what is left of it decides how large or long. Returns the venue that
    began a halt, NO_VENUE when none did.
    """
    regime = state.stressed
    which = np.int64(bits_share(bits, 0) * process.venues)
    venue = state.venues[which]
    likely = process.jump_rates[regime] * dt_s
    if chance < likely:
        jump(process, venue, bits, chance / likely)
        return NO_VENUE
    chance -= likely
    likely = process.switch_rates[regime] * dt_s
    if chance < likely:
        state.stressed = 1 - regime
        return NO_VENUE
    chance -= likely
    likely = process.gap_rate * dt_s
    if chance < likely:
        venue.silent_until_ns = state.now_ns + duration_ns(process.gap_mean_s, chance / likely)
        return NO_VENUE
    chance -= likely
    likely = process.thin_rate * dt_s
    if chance < likely:
        venue.thin_until_ns = state.now_ns + duration_ns(process.thin_mean_s, chance / likely)
        return NO_VENUE
    chance -= likely
    likely = process.halt_rate * dt_s
    if chance < likely and venue.halted_until_ns == NOT_HALTED:
        venue.halted_until_ns = state.now_ns + duration_ns(process.halt_mean_s, chance / likely)
        return which
    return NO_VENUE


@compiled
def move_premium(process, venue, now_ns, sd, normal):
    """Brings a venue's premium to now and returns it, a fraction. Writes venue.

    The noise keeps the standard deviation `sd` whatever the time step: with a = dt/τ, `x' = (x + sd·√(2a + a²)·z) /
    (1 + a)` has the variance of x when that is sd².
    """
    dt_s = (now_ns - venue.updated_ns) * 1e-9
    venue.updated_ns = now_ns
    step = dt_s / process.premium_reversion_s
    venue.noise = (venue.noise + sd * sqrt(2.0 * step + step * step) * normal) / (1.0 + step)
    venue.quick /= 1.0 + dt_s / process.jump_decay_s
    venue.lasting /= 1.0 + dt_s / process.jump_persistence_s
    return venue.noise + venue.quick + venue.lasting


@compiled
def quantity(process, bits, factor):
    """A level's quantity in base currency, log-normal, in whole lots, at least one.

    The normal is the sum of four uniforms less its mean, scaled by √3 (Irwin-Hall; within ±3.46).
    """
    uniforms = bits_share(bits, 0) + bits_share(bits, 1) + bits_share(bits, 2) + bits_share(bits, 3)
    grown = 1.0 + process.level_sigma * (uniforms - 2.0) * SQRT_3 / 64.0
    for _ in range(6):
        grown *= grown
    lots = np.rint(process.level_qty * factor * grown * process.lots_per_unit)
    return max(lots, 1.0) / process.lots_per_unit


@compiled
def write_levels(process, row, at, centre, half_spread, factor, depth):
    """Writes the book around `centre`: on ticks, bid below ask, prices positive. depth: i8[levels, 2, n] bits."""
    levels, step = depth.shape[0], process.level_step_ticks
    bid = floor(centre * (1.0 - half_spread) * process.ticks_per_unit)
    ask = ceil(centre * (1.0 + half_spread) * process.ticks_per_unit)
    bid = max(bid, levels * step)
    ask = max(ask, bid + 1.0)
    for level in range(levels):
        row.bid_px[level] = (bid - level * step) / process.ticks_per_unit
        row.ask_px[level] = (ask + level * step) / process.ticks_per_unit
        row.bid_qty[level] = quantity(process, depth[level, 0, at], factor)
        row.ask_qty[level] = quantity(process, depth[level, 1, at], factor)


@compiled
def write_header(process, row, kind, status, venue, now_ns):
    """Writes all of a row but its payload. The venues' clocks are ours."""
    row.now_ns, row.received_ns, row.venue_ns = now_ns, now_ns, now_ns
    row.kind, row.venue, row.symbol, row.status = kind, venue, process.symbol, status


@compiled
def write_feed(process, row, status, venue, now_ns):
    """Writes a FEED row: the venue's market of this symbol ended, or is up. Its payload is empty."""
    write_header(process, row, _FEED, status, venue, now_ns)
    row.bid_px[:], row.bid_qty[:], row.ask_px[:], row.ask_qty[:] = 0.0, 0.0, 0.0, 0.0


@compiled
def is_back(venue, now_ns):
    """Whether a halt of this venue is over and nobody has said so yet."""
    return venue.halted_until_ns != NOT_HALTED and venue.halted_until_ns <= now_ns


@compiled
def walk_mid(process, state, dt_s, normal):
    """The next mid price. Writes state."""
    mid = state.mid * (1.0 + process.volatility * sqrt(dt_s) * normal)
    state.mid = min(max(mid, process.price_start / MID_RANGE), process.price_start * MID_RANGE)


@compiled
def quotes_of(processes, states, rows, exponentials, normals, chances, bits, depth):
    """Runs one symbol's process through a block of n draws and returns how many rows it wrote.

    Reads PROCESS[1], draws f8[n], f8[2, n], f8[n], i8[n] and i8[levels, 2, n]; writes PROCESS_STATE[1] and ROW[≥ n]
    from the start. A draw writes at most one row: that a halt began in place of the quote, that it is over in place of
    the venue's first quote after it. An update of a silent or halted venue writes none.
    """
    process, state, count = processes[0], states[0], 0
    for at in range(exponentials.shape[0]):
        gap_ns = max(np.int64(exponentials[at] * process.update_gap_s * 1e9), 1)
        state.now_ns += gap_ns
        dt_s = gap_ns * 1e-9
        walk_mid(process, state, dt_s, normals[0, at])
        now_ns = state.now_ns
        halted = befall(process, state, chances[at], bits[at], dt_s)
        if halted != NO_VENUE:
            write_feed(process, rows[count], _ENDED, halted, now_ns)
            count += 1
            continue
        which = np.int64(bits_share(bits[at], 3) * process.venues)
        venue = state.venues[which]
        if now_ns < venue.silent_until_ns or now_ns < venue.halted_until_ns:
            continue
        if is_back(venue, now_ns):
            venue.halted_until_ns = NOT_HALTED
            write_feed(process, rows[count], _UP, which, now_ns)
            count += 1
            continue
        premium = move_premium(process, venue, now_ns, process.premium_sds[state.stressed], normals[1, at])
        row = rows[count]
        write_header(process, row, _QUOTE, 0, which, now_ns)
        factor = process.thin_factor if now_ns < venue.thin_until_ns else 1.0
        centre, half_spread = state.mid * (1.0 + premium), process.half_spreads[state.stressed]
        write_levels(process, row, at, centre, half_spread, factor, depth)
        count += 1
    return count


@lru_cache(maxsize=32)
def quotes_with(levels: int) -> Compiled:
    """`quotes_of` for rows of so many levels, under a name of its own (session/binding.py says why)."""
    return rebind(quotes_of, {}, name=f"l{levels}", cache=True)
