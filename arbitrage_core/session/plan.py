"""The plan: an operator's words, `name=value`, turned into a session's configuration, validated whole.

A setting reaches as far as its name says, and the nearer one wins whatever the order they were given in:

    name=value                        every symbol, market or venue, or the session itself: the name tells which
    symbol.SYMBOL.name=value          strategy parameters of one symbol
    venue.VENUE.name=value            one venue
    market.VENUE.SYMBOL.name=value    one market

Below them all lie the preset's settings, then the defaults of the models, those of money in the currency they are of
(domain/currency.py). Of two settings with the same reach and name
the later one holds. `none` unsets what may be unset. Every error is BadInput and names the parameter, what was given
and what is allowed; nothing is started on a plan that does not hold together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from arbitrage_core.domain.currency import USUAL_NOTIONAL_USDT, typical
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.spelling import quoted_in
from arbitrage_core.domain.strategy import StrategyParams
from arbitrage_core.session.allowed import allowed_values
from arbitrage_core.strategies.registry import STRATEGIES

REPORTING_DEFAULT = "USDT"
SESSION_NAMES = (
    "strategy",
    "reporting_currency",
    "initial_capital_quote",
    "portfolio_exposure_max_quote",
    "portfolio_daily_loss_max_quote",
    "drawdown_max_quote",
    "drawdown_max_share",
    "reduce_at",
    "flatten_at",
    "rate_age_max_ms",
    "seed",
)
"""What of `SessionConfig` is set by name; venues, symbols and levels follow from the data."""

SIZE_NAMES = ("qty_base", "notional_quote")
UNSET = ("none", "null")
NOT_A_NUMBER = ("nan", "+nan", "-nan")

Settings = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Offer:
    """What the data hold: names in the order their rows number them, and which of venues × symbols exist."""

    venues: tuple[str, ...]
    symbols: tuple[str, ...]
    levels: int = 1
    markets: tuple[tuple[str, str], ...] = ()
    rates: frozenset[int] = frozenset()
    """Places among the session's currencies, from 1 on, of those whose rate the rows tell."""

    @classmethod
    def of(cls, feed: Any, rates: Iterable[int] = ()) -> "Offer":
        """What a feed offers; every market, unless it says by `markets` which (venue, symbol) there are."""
        everything = tuple((venue, symbol) for symbol in feed.symbols for venue in feed.venues)
        listed = getattr(feed, "markets", everything)
        markets = tuple(market for market in everything if market in listed)
        return cls(tuple(feed.venues), tuple(feed.symbols), feed.levels, markets, frozenset(rates))


@dataclass(frozen=True)
class Wishes:
    """Settings by reach, as given: texts from an operator, values from a preset."""

    session: Settings = field(default_factory=dict)
    params: Settings = field(default_factory=dict)
    market: Settings = field(default_factory=dict)
    venue: Settings = field(default_factory=dict)
    by_symbol: dict[str, Settings] = field(default_factory=dict)
    by_venue: dict[str, Settings] = field(default_factory=dict)
    by_market: dict[tuple[str, str], Settings] = field(default_factory=dict)


def settable() -> dict[str, tuple[str, ...]]:
    """The names that can be set, by what they belong to: session, params, market, venue. No name is in two."""
    return {
        "session": SESSION_NAMES,
        "params": tuple(StrategyParams.model_fields),
        "market": tuple(name for name in Market.model_fields if name not in ("venue", "symbol")),
        "venue": tuple(name for name in Venue.model_fields if name != "name"),
    }


def plan_session(
    offer: Offer,
    settings: Iterable[str] = (),
    *,
    params: Mapping[str, Any] | None = None,
    market_overrides: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> SessionConfig:
    """The configuration of a session on these data.

    `settings` are the operator's `name=value`; `params` and `market_overrides` a preset's, which they override; `seed`
    (0 … 2⁶³ − 1) holds unless set. Raises BadInput, also where the session needs rates that the rows do not tell.
    """
    _must_fit(offer)
    wishes = read_settings(settings, offer)
    markets = tuple(_market(key, dict(market_overrides or {}), wishes) for key in _listed(offer))
    session = {"seed": seed, "reporting_currency": _reporting_currency(markets), **wishes.session}
    _strategy_must_be_known(session.get("strategy"))
    usual = {"notional_quote": typical(USUAL_NOTIONAL_USDT, str(session["reporting_currency"]))}
    everyone = _sized(_sized(usual, dict(params or {})), wishes.params)
    config = _made(
        SessionConfig,
        {
            **session,
            "venues": tuple(_venue(name, wishes) for name in offer.venues),
            "symbols": offer.symbols,
            "markets": markets,
            "params": _made(StrategyParams, everyone),
            "symbol_params": {
                symbol: _made(StrategyParams, _sized(everyone, own), f"symbol.{symbol}.")
                for symbol, own in wishes.by_symbol.items()
            },
            "levels": offer.levels,
        },
    )
    _rates_must_be_told(config, offer.rates)
    return config


def read_settings(settings: Iterable[str], offer: Offer) -> Wishes:
    """Sorts `name=value` by reach. Raises BadInput for what is no setting, and for names of nothing that is there."""
    wishes = Wishes()
    for setting in settings:
        path, equals, text = setting.rpartition("=")
        if not equals or not path.strip():
            raise BadInput(f"{setting!r} is no setting", "write name=value, as in taker_fee_bps=5")
        path, text = path.strip(), text.strip()
        reach, dot, rest = path.partition(".")
        if not dot:
            group = _group_of(path)
            getattr(wishes, group)[path] = _value(path, text)
            continue
        target, name = _reached(path, reach, rest, offer)
        getattr(wishes, f"by_{reach}").setdefault(target, {})[name] = _value(path, text)
    return wishes


def _reached(path: str, reach: str, rest: str, offer: Offer) -> tuple[Any, str]:
    """The symbol, venue or (venue, symbol) that a path names, and the parameter: names may hold dots themselves."""
    there: dict[str, Mapping[str, Any]] = {
        "symbol": {symbol: symbol for symbol in offer.symbols},
        "venue": {venue: venue for venue in offer.venues},
        "market": {f"{venue}.{symbol}": (venue, symbol) for venue, symbol in _listed(offer)},
    }
    if reach not in there:
        raise BadInput(
            f"{path}: nothing is reached by {reach!r}",
            "write name=value, or symbol.SYMBOL.name, venue.VENUE.name or market.VENUE.SYMBOL.name",
        )
    target, dot, name = rest.rpartition(".")
    if not dot or target not in there[reach]:
        wanted = target if dot else rest
        raise BadInput(f"{path}: there is no {reach} {wanted!r}", f"there are {_nearest(wanted, list(there[reach]))}")
    group = {"symbol": "params"}.get(reach, reach)
    names = settable()[group]
    if name not in names:
        raise BadInput(f"{path}: a {reach} has no {name!r}", _cure_of_name(name, names))
    return there[reach][target], name


def _group_of(name: str) -> str:
    groups = settable()
    for group, names in groups.items():
        if name in names:
            return group
    raise BadInput(f"no parameter {name!r}", _cure_of_name(name, [one for names in groups.values() for one in names]))


def _cure_of_name(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are {', '.join(names)}"


def _nearest(name: str, names: list[str]) -> str:
    """The names there are, the nearest first; at most ten."""
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    listed = [*close, *(one for one in names if one not in close)]
    return ", ".join(listed[:10]) + (", …" if len(listed) > 10 else "")


def _value(path: str, text: str) -> Any:
    if text.lower() in UNSET:
        return None
    if text.lower() in NOT_A_NUMBER:
        raise BadInput(f"{path} = {text}: that is not a number", "give one")
    return text


# ------------------------------------------------------------------------------------------------- putting together


def _must_fit(offer: Offer) -> None:
    """A session holds so many venues, symbols and levels and no more, and two venues at least."""
    if len(offer.venues) == 1:
        raise BadInput(f"one venue only, {offer.venues[0]}: an arbitrage needs two", "name two with --venues")
    for name, there in (("venues", offer.venues), ("symbols", offer.symbols)):
        most = next(one.max_length for one in SessionConfig.model_fields[name].metadata if hasattr(one, "max_length"))
        if len(there) > most:
            raise BadInput(
                f"{len(there)} {name}, and a session holds {most}",
                f"choose at most {most}: --{name} {','.join(there[:2])},…",
            )
    deepest = next(one.le for one in SessionConfig.model_fields["levels"].metadata if hasattr(one, "le"))
    if offer.levels > deepest:
        raise BadInput(
            f"books of {offer.levels} levels, and a session holds {deepest}", f"cut them: --levels {deepest}"
        )


def _listed(offer: Offer) -> tuple[tuple[str, str], ...]:
    return offer.markets or tuple((venue, symbol) for symbol in offer.symbols for venue in offer.venues)


def _sized(below: Settings, above: Settings) -> Settings:
    """The settings above laid over those below; a size given in one way unsets the other."""
    merged = {**below, **above}
    for name, other in (SIZE_NAMES, SIZE_NAMES[::-1]):
        if above.get(name) is not None and other not in above:
            merged[other] = None
    return merged


def _market(key: tuple[str, str], overrides: Settings, wishes: Wishes) -> Market:
    venue, symbol = key
    own = {**overrides, **wishes.market, **wishes.by_market.get(key, {})}
    where = f"market.{venue}.{symbol}." if key in wishes.by_market else ""
    return _made(Market, {"quote_currency": quoted_in(symbol).currency, **own, "venue": venue, "symbol": symbol}, where)


def _venue(name: str, wishes: Wishes) -> Venue:
    where = f"venue.{name}." if name in wishes.by_venue else ""
    return _made(Venue, {**wishes.venue, **wishes.by_venue.get(name, {}), "name": name}, where)


def _reporting_currency(markets: Sequence[Market]) -> str:
    """The one currency everything is quoted in; with several, the default, and RATE rows have to tell the others."""
    quotes = {market.quote_currency for market in markets}
    return quotes.pop() if len(quotes) == 1 else REPORTING_DEFAULT


def _rates_must_be_told(config: SessionConfig, told: frozenset[int]) -> None:
    """Without a rate no book of another currency is ever fresh: such a session would trade nothing, and not say why."""
    untold = [name for place, name in enumerate(config.currencies) if place and place not in told]
    if not untold:
        return
    reporting, markets = config.reporting_currency, config.markets
    found = {market.quote_currency: f"{market.key} is quoted in" for market in markets}
    found |= {market.fees_in: f"{market.key} takes its fees in" for market in markets if market.fees_in not in found}
    raise BadInput(
        f"{found[untold[0]]} {untold[0]}, the session is reckoned in {reporting}: "
        "that needs rates between them, and no source of rows tells any yet",
        "trade what is in one currency (--symbols, --venues); or, where they are worth the same, take them for one: "
        f"--set quote_currency={reporting}",
    )


def _strategy_must_be_known(name: object) -> None:
    if name is not None and name not in STRATEGIES:
        raise BadInput(f"strategy = {name} cannot be", f"allowed: {', '.join(STRATEGIES)}")


def _made(model: type[Model], values: Settings, where: str = "") -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _bad_input(model, error, values, where) from error


def _bad_input(model: type[BaseModel], error: ValidationError, values: Settings, where: str) -> BadInput:
    """The first of pydantic's findings in an operator's words."""
    found = error.errors(include_url=False)[0]
    message = found["msg"].removeprefix("Value error, ")
    name = str(found["loc"][0]) if found["loc"] else ""
    refused = found.get("ctx", {}).get("error")
    if isinstance(refused, BadInput):  # it says all of it itself
        return refused
    if "needs markets on two venues" in message:
        return BadInput(message, "leave it out: --symbols names those to trade, --venues where")
    if not name or name not in model.model_fields:
        return BadInput(f"{where.rstrip('.')}: {message}" if where else message, "change one of them with --set")
    if name in ("venues", "symbols"):
        return BadInput(f"{name}: {message}", f"choose others with --{name}")
    given = "none" if values.get(name) is None else values[name]
    allowed = allowed_values(model, name)
    return BadInput(f"{where}{name} = {given} cannot be", f"allowed: {allowed}" if allowed else message)
