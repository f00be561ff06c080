"""A loop of Prefect's server that fails is noticed, one that stumbles once is not."""

import asyncio

import pytest

from deployments.loops import LATE_S, Loop, Loops


def test_a_loop_fails_when_it_raised_twice_in_a_row_and_is_well_when_it_did_not():
    loops, broken = Loops(), [True]

    async def schedule() -> None:
        if broken[0]:
            raise ValueError("no such\ntable: deployment_schedule")

    called = loops.repeated(schedule, 5.0)
    assert called.__name__ == "schedule"
    for _ in range(2):
        assert loops.trouble() == {}
        with pytest.raises(ValueError, match="no such"):
            asyncio.run(called())
    assert loops.trouble() == {"schedule": "failed 2 times in a row: ValueError: no such table: deployment_schedule"}
    broken[0] = False
    asyncio.run(called())
    assert loops.trouble() == {}


def test_one_that_is_to_run_for_ever_fails_when_it_ends():
    loops = Loops()

    class Triggers:
        async def start(self) -> None:
            raise ValueError("lost")

    start = loops.endless("Triggers", Triggers.start)
    assert loops.trouble() == {}
    with pytest.raises(ValueError, match="lost"):
        asyncio.run(start(Triggers()))
    assert loops.trouble() == {"Triggers": "ended: ValueError: lost"}


@pytest.mark.parametrize(
    "every_s,silent_s,is_trouble",
    [(60.0, 0.0, False), (60.0, 179.0 + LATE_S, False), (60.0, 181.0 + LATE_S, True), (0.0, 1e9, False)],
)
def test_one_that_is_not_run_any_more_fails_after_several_intervals(every_s: float, silent_s: float, is_trouble: bool):
    assert bool(Loop(every_s, 0.0).trouble(silent_s)) is is_trouble


def test_every_loop_of_this_prefect_is_watched():
    loops = Loops()
    loops.watch()
    assert {"schedule_deployments", "schedule_recent_deployments", "monitor_late_runs"} <= set(loops._loops)
    assert {"ReactiveTriggers", "Actions", "EventPersister"} <= set(loops._loops)
    assert all(loop.every_s > 0 for name, loop in loops._loops.items() if not name[0].isupper())
