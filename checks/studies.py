"""The studies' suite: each is complete; every set is there once, whole, in its ranges, and of the study's rows."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import select

from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.tables import TUNING_RESULTS, TUNING_STUDIES
from checks.rule import Rule, among, equal, matching, none_of, unique

DIGEST = "^[0-9a-f]{64}$"

KEYS = {"studies": ("study_id",), "sets": ("study_id", "trial")}

RULES: tuple[Rule, ...] = (
    none_of("studies: all that were asked for are in the record", "studies", "absent"),
    among("studies: each is complete", "studies", "status", ("complete",)),
    equal("studies: as many sets are there as were asked for", "studies", "wanted", "present"),
    equal("studies: the study counts the sets that are there", "studies", "counted", "present"),
    equal("studies: no number is left out", "studies", "present", "last_number_and_one"),
    none_of("studies: each has its outcome", "studies", "without_outcome"),
    unique("sets: each once", "sets", "study_id", "trial"),
    none_of("sets: parameters lie in their ranges", "sets", "out_of_range"),
    none_of("sets: each has its figures, or says why not", "sets", "untold"),
    none_of("sets: what counts in sample is what the figures say", "sets", "in_sample_differs"),
    none_of("sets: what counts out of sample is what the figures say", "sets", "out_of_sample_differs"),
    none_of("sets: of the study's rows and sources", "sets", "of_others"),
    matching("sets: each has its configuration's digest", "sets", "config_digest", DIGEST),
    matching("sets: each has its state hash", "sets", "state_hash", DIGEST),
)


COLUMNS = ("study_id", "trial", "out_of_range", "untold", "in_sample_differs", "out_of_sample_differs", "of_others")
TEXTS = ("config_digest", "state_hash")
STOPPED = "0" * 64
"""Stands for the state hash of a set that the engine stopped, which has none."""


def frames(record: Record, wanted: Mapping[int, int]) -> dict[str, pd.DataFrame]:
    """The frames `studies` and `sets`. `wanted`: of each study's number, how many sets it was to try. Raises
    RecordAway."""
    ids = list(wanted)
    with record.begin() as connection:
        found = connection.execute(select(TUNING_STUDIES).where(TUNING_STUDIES.c.id.in_(ids))).mappings()
        studies = {row["id"]: row for row in found}
        query = select(TUNING_RESULTS).where(TUNING_RESULTS.c.study_id.in_(ids))
        results = connection.execute(query.order_by(TUNING_RESULTS.c.study_id, TUNING_RESULTS.c.trial)).mappings().all()
    numbers: dict[int, list[int]] = {number: [] for number in ids}
    for row in results:
        numbers[row["study_id"]].append(row["trial"])
    sets = pd.DataFrame([_set(studies[row["study_id"]], row) for row in results], columns=[*COLUMNS, *TEXTS])
    return {
        "studies": pd.DataFrame([_study(one, wanted[one], studies.get(one), numbers[one]) for one in ids]),
        "sets": sets.astype(dict.fromkeys(COLUMNS, "int64") | dict.fromkeys(TEXTS, "str")),
    }


def _study(number: int, wanted: int, row: Mapping[str, Any] | None, trials: list[int]) -> dict[str, object]:
    return {
        "study_id": number,
        "absent": int(row is None),
        "status": "absent" if row is None else row["status"],
        "wanted": wanted,
        "present": len(trials),
        "counted": -1 if row is None else row["trials"],
        "last_number_and_one": max(trials, default=-1) + 1,
        "without_outcome": int(row is None or not row["outcome"]),
    }


def _set(study: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, object]:
    objective, figures = study["objective"].split(",")[0], row["figures"]
    stopped = row["failure"] is not None
    differs = {
        part: int(not stopped and (figures is None or row[part] != figures[part][objective]))
        for part in ("in_sample", "out_of_sample")
    }
    return {
        "study_id": row["study_id"],
        "trial": row["trial"],
        "out_of_range": int(not _inside(study["space"], row["params"])),
        "untold": int((figures is None) != stopped),
        "in_sample_differs": differs["in_sample"],
        "out_of_sample_differs": differs["out_of_sample"],
        "of_others": int(any(row[name] != study[name] for name in ("data_digest", "code_digest"))),
        "config_digest": row["config_digest"],
        "state_hash": STOPPED if stopped else row["state_hash"] or "none",
    }


def _inside(space: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether a set has just the parameters that are searched, each where it may lie."""
    if set(space) != set(params):
        return False
    return all(
        params[name] in one["choices"] if one["choices"] else one["low"] <= params[name] <= one["high"]
        for name, one in space.items()
    )
