"""The search: which sets are tried next. Optuna's samplers, with their storage in the record's database.

Optuna keeps its tables in a schema of its own, `optuna`. What was tried is true where `tuning_results` says so;
Optuna's storage follows it in the same order, and what it misses after a crash is added when the study is taken up
again. A sampler is seeded anew for every batch, by the study's seed and the number of the batch's first set: an
interrupted study by grid, random or tpe tries the sets it would have tried. CMA-ES begins a generation anew.

Where it is wrong: sets of one batch are chosen without knowing each other's results.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Literal

import optuna
import psycopg
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import key_of
from arbitrage_core.scenarios.catalogue import SCENARIOS
from arbitrage_core.scenarios.stress import ALL
from arbitrage_core.storage.record.availability import faults_of
from arbitrage_core.storage.record.database import address_of
from arbitrage_core.tuning.figures import MAXIMISED
from arbitrage_core.tuning.space import Params, Range, constraint_holds, grid_of
from arbitrage_core.tuning.splits import WalkForward

TRIES_A_SET = 200
"""So often a sampler is asked again when what it chose breaks a constraint."""

OPTIONS = "-csearch_path=optuna -csynchronous_commit=off"

Sampler = Literal["grid", "random", "tpe", "cmaes"]
UNTAUGHT: tuple[Sampler, ...] = ("grid", "random")
"""Samplers that learn nothing from what sets bring."""

PRUNED: Literal["pruned"] = "pruned"
Values = list[float] | Literal["pruned"] | None
"""A set's objectives in sample, in the definition's order; PRUNED when it was given up, None when it was stopped."""


class Definition(BaseModel):
    """What is searched, and how: all that decides which sets a study tries.

    `scenarios`: names of the catalogue, or `all`. With any of them every objective, and every figure, is the worst case
    over the rows as they are and those scenarios. `prune`: sets that can be none of the best any more are given up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    space: dict[str, Range] = Field(min_length=1, max_length=32)
    sampler: Sampler = "tpe"
    objectives: tuple[str, ...] = Field(("pnl_quote",), min_length=1, max_length=3)
    constraints: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    prune: bool = False
    walk_forward: WalkForward = WalkForward()
    seed: int = Field(0, ge=0, lt=2**63)

    @field_validator("objectives")
    @classmethod
    def _must_be_known(cls, objectives: tuple[str, ...]) -> tuple[str, ...]:
        strangers = [name for name in objectives if name not in MAXIMISED]
        if strangers:
            raise ValueError(f"no objective {', '.join(strangers)}; there are {', '.join(MAXIMISED)}")
        return objectives

    @field_validator("scenarios")
    @classmethod
    def _must_be_in_the_catalogue(cls, scenarios: tuple[str, ...]) -> tuple[str, ...]:
        """In the catalogue's order, each once: a study is the same however they are named."""
        named = {name.upper() for name in scenarios}
        chosen = set(SCENARIOS) if ALL.upper() in named else named
        strangers = [name for name in chosen if name not in SCENARIOS]
        if strangers:
            raise ValueError(f"no scenario {', '.join(sorted(strangers))}; there are {', '.join(SCENARIOS)}")
        return tuple(name for name in SCENARIOS if name in chosen)

    @model_validator(mode="after")
    def _must_suit(self) -> "Definition":
        if self.sampler == "cmaes" and len(self.objectives) > 1:
            raise ValueError("cmaes has one objective; choose tpe for several")
        if self.prune and not (self.scenarios and len(self.objectives) == 1 and self.sampler in UNTAUGHT):
            raise ValueError("sets are pruned under scenarios, by one objective, chosen by grid or random")
        return self

    @property
    def directions(self) -> list[str]:
        """Optuna's, by objective."""
        return ["maximize" if MAXIMISED[name] else "minimize" for name in self.objectives]


class Search:
    """Chooses the sets of one study, batch by batch: `ask`, try them, record them, `tell`.

    `plans` raises BadInput for a set no session can be planned with. `tried`: all sets recorded so far, with their
    values, in order. `close` it. Raises RecordAway when the storage does not answer, here and at every `tell`.
    """

    def __init__(
        self,
        definition: Definition,
        url: str,
        name: str,
        plans: Callable[[Params], Any],
        tried: Sequence[tuple[Params, Values]],
    ) -> None:
        self.definition, self._plans = definition, plans
        self._refused: BadInput | None = None  # the last set no session could be planned with, and why
        self._address = address_of(make_url(url))
        optuna.logging.set_verbosity(logging.WARNING)
        self._distributions = {name: distribution_of(one) for name, one in definition.space.items()}
        self._grid: Iterator[Params] | None = None
        if definition.sampler == "grid":
            self._grid = (params for params in grid_of(definition.space) if self._fits(params))
            for _ in tried:
                next(self._grid)
        with _faults_of(self._address):
            self._storage = _storage(url)
        try:
            self._begin(name, tried)
        except BaseException:
            self.close()
            raise

    def _begin(self, name: str, tried: Sequence[tuple[Params, Values]]) -> None:
        """Takes up what is stored, and adds to it what is recorded and was not stored."""
        directions = self.definition.directions
        with _faults_of(self._address):
            self._stored = optuna.create_study(
                storage=self._storage, study_name=name, directions=directions, load_if_exists=True
            )
            known = self._stored.get_trials(deepcopy=False)
            for params, values in tried[len(known) :]:
                self._stored.add_trial(self._frozen(params, values))
            self._told = self._stored.get_trials(deepcopy=False)

    def close(self) -> None:
        """Lets go of the storage."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def ask(self, first: int, count: int) -> list["Asked"]:
        """The next `count` sets, fewer at the end of a grid; `first` is the number of the first one.

        Raises BadInput when hardly a set is left, by the constraints or by what a session can be planned with.
        """
        if self._grid is not None:
            asked = [Asked(params, None) for params in islice(self._grid, count)]
            if not asked and first == 0:
                raise self._none_left()
            return asked
        self._memory = optuna.create_study(
            directions=self.definition.directions, sampler=_sampler(self.definition, first)
        )
        self._memory.add_trials(self._told)
        return [self._ask() for _ in range(count)]

    def tell(self, asked: Sequence["Asked"], values: Sequence[Values]) -> None:
        """What these sets brought."""
        for one, brought in zip(asked, values, strict=True):
            frozen = self._frozen(one.params, brought)
            if one.trial is not None:
                frozen = one.trial.study.tell(one.trial, **_told(brought))
            with _faults_of(self._address):
                self._stored.add_trial(frozen)
            self._told.append(frozen)

    def _ask(self) -> "Asked":
        for _ in range(TRIES_A_SET):
            trial = self._memory.ask(self._distributions)
            if self._fits(trial.params):
                return Asked(trial.params, trial)
            self._memory.tell(trial, state=TrialState.PRUNED)  # which counts as bad until the end of this batch
        raise self._none_left()

    def _fits(self, params: Params) -> bool:
        if not all(constraint_holds(one, params) for one in self.definition.constraints):
            return False
        try:
            self._plans(params)
        except BadInput as refused:
            self._refused = refused
            return False
        return True

    def _none_left(self) -> BadInput:
        """Why hardly a set can be tried."""
        if self._refused is not None:
            return BadInput(f"hardly a set of the space makes a session: {self._refused.cause}", self._refused.cure)
        return BadInput("hardly a set of the space keeps the constraints", "widen the ranges, or drop a constraint")

    def _frozen(self, params: Params, values: Values) -> FrozenTrial:
        return optuna.create_trial(params=params, distributions=self._distributions, **_told(values))


class Asked:
    """A set to be tried, and the sampler's own name for it, if a sampler chose it."""

    def __init__(self, params: Params, trial: Trial | None) -> None:
        self.params, self.trial = params, trial


def _told(brought: Values) -> dict[str, Any]:
    """As Optuna takes it."""
    if brought is None or brought == PRUNED:
        return {"state": TrialState.FAIL if brought is None else TrialState.PRUNED, "values": None}
    return {"state": TrialState.COMPLETE, "values": brought}


def _sampler(definition: Definition, first: int) -> BaseSampler:
    seed = key_of(f"{definition.seed} {first}") % 2**32
    match definition.sampler:
        case "tpe":
            return TPESampler(seed=seed, constant_liar=True)
        case "cmaes":
            return CmaEsSampler(seed=seed)
    return RandomSampler(seed=seed)


def distribution_of(one: Range) -> BaseDistribution:
    """Optuna's. A range whose steps do not end at its end ends with the last of them."""
    if one.choices:
        return CategoricalDistribution(one.choices)
    low, high = float(one.low or 0.0), float(one.high or 0.0)
    if one.step is not None:
        high = low + one.step * int((high - low) / one.step + 1e-9)
    if one.whole:
        return IntDistribution(int(low), int(high), log=one.log, step=int(one.step or 1))
    return FloatDistribution(low, high, log=one.log, step=one.step)


@contextmanager
def _faults_of(address: str) -> Iterator[None]:
    """As `faults_of`, of what Optuna wraps such errors in."""
    with faults_of(address):
        try:
            yield
        except optuna.exceptions.StorageInternalError as error:
            raise error.__cause__ if isinstance(error.__cause__, DBAPIError) else error from error


def _storage(url: str) -> optuna.storages.RDBStorage:
    """Optuna's storage, in a schema of its own; its commits are not waited for, since the record can fill it again.

    Optuna makes its tables when it finds none, and two that do so at once break each other: so one waits for the other.
    """
    parsed = make_url(url).set(drivername="postgresql+psycopg").update_query_dict({"options": OPTIONS})
    with psycopg.connect(url, autocommit=True, connect_timeout=5, options="-clock_timeout=30s") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [key_of("optuna's tables")])  # until the connection ends
        connection.execute("CREATE SCHEMA IF NOT EXISTS optuna")
        return optuna.storages.RDBStorage(
            parsed.render_as_string(hide_password=False),
            engine_kwargs={"connect_args": {"connect_timeout": 5, "application_name": "arb tune"}},
        )
