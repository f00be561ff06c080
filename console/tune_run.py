"""The run of a study: a search that can be, Prefect ready, the flow."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.session.rows_fit import rows_notes
from arbitrage_core.statistics.currencies import currency_notes, quote_currencies
from arbitrage_core.storage.record.presets import NAME_PATTERN
from arbitrage_core.tuning.space import constraint_holds, grid_of
from console.accept_run import say
from console.complaint import ACCEPTED
from console.document import print_document
from console.notes import say_notes
from console.prefect_ready import prefect_ready
from console.progress import SeedsProgress
from console.source import Wanted
from flows.tuning_form import TuningForm, definition_of, planner
from flows.tuning_place import must_answer, place_wanted
from flows.tuning_rows import NS_PER_MS, feed_of

LINE_S = 5.0
"""So many seconds lie between two lines of progress, where there is no terminal for a bar."""
STUDY_NAME = re.compile(r"(?![. ])[\w .!()-]{1,100}(?<![. ])")


@dataclass(frozen=True)
class Order:
    """What the operator asked for: the rows, and the fields of the flow's form that say what is searched."""

    wanted: Wanted
    search: dict[str, Any]


def run(order: Order, *, as_json: bool) -> int:
    """Runs it, shows the best sets and gives the exit code. Raises BadInput, RecordAway, ClusterFailed."""
    if bool(order.wanted.data) == (order.wanted.synthetic is not None):
        raise BadInput(
            "the rows come either from --data or from --synthetic, one of the two",
            "name one: --data FILE, or --synthetic mixed",
        )
    form = form_of(order)
    for note in currency_notes(quote_currencies(planner(form)({}))):
        say(note)
    if beyond := sets_beyond(form):
        say(f"the grid has {form.trials + beyond} sets, of which --trials {form.trials} tries the first {form.trials}")
    notes = rows_notes(planner(form)({}), feed_of(form))
    say_notes(notes)
    cluster = place_wanted(form.cluster)
    if isinstance(cluster, str):
        must_answer(cluster)
    # what ends the flow is said once, by `complain`, and in the Prefect UI with its traceback
    prefect_ready(say, PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL")
    from flows.progress import listen
    from flows.tuning import tuning

    with SeedsProgress("sets", LINE_S) as progress:
        listen(progress.told)
        document = tuning(form)
    if as_json:
        print_document(document)
    else:
        from console.tune_page import print_study

        print_study(document, form.vary)
    return ACCEPTED


def form_of(order: Order) -> TuningForm:
    """The flow's form, of a search that can be. Raises BadInput."""
    wanted = order.wanted
    _study_must_be_a_name(order.search.get("study"))
    _preset_must_be_a_name(order.search.get("save"))
    _each_must_be_varied_once(order.search["vary"])
    try:
        form = TuningForm(
            market=wanted.synthetic,
            data=[str(path.resolve()) for path in wanted.data],
            venues=list(wanted.venues or ()),
            symbols=list(wanted.symbols or ()),
            seed=wanted.seed,
            rows=wanted.rows,
            duration_ms=None if wanted.duration_ns is None else wanted.duration_ns / NS_PER_MS,
            levels=wanted.levels,
            **order.search,
        )
    except ValidationError as error:
        found = error.errors()[0]
        raise BadInput(f"{found['loc'][0]}: {found['msg']}", "see arb tune --help") from None
    definition, plan = definition_of(form), planner(form)
    for name, one in definition.space.items():
        plan({name: one.choices[0] if one.choices else one.low})
    lowest = {name: one.choices[0] if one.choices else one.low for name, one in definition.space.items()}
    for constraint in definition.constraints:
        constraint_holds(constraint, lowest)
    if definition.sampler == "grid":
        grid_of(definition.space)
    return form


def sets_beyond(form: TuningForm) -> int:
    """How many sets a grid has that its number of trials leaves out; 0 for other samplers."""
    if form.sampler != "grid":
        return 0
    definition = definition_of(form)
    kept = (one for one in grid_of(definition.space) if all(constraint_holds(c, one) for c in definition.constraints))
    return max(0, sum(1 for _ in kept) - form.trials)


def _study_must_be_a_name(study: str | None) -> None:
    """It names a folder, too, on every system."""
    if study is not None and not STUDY_NAME.fullmatch(study):
        raise BadInput(
            f"--study {study!r} is no name for a study",
            "at most 100 letters, digits, spaces and - _ . ! ( ), not beginning or ending in a dot or space",
        )


def _preset_must_be_a_name(save: str | None) -> None:
    if save is not None and not re.fullmatch(NAME_PATTERN, save):
        raise BadInput(
            f"--save {save!r} is no name for a preset", "any but an empty one, without @: NAME@VERSION says which"
        )


def _each_must_be_varied_once(vary: Sequence[str]) -> None:
    names = [one.partition("=")[0].strip() for one in vary]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"--vary names {', '.join(twice)} more than once", "give each parameter one range")
