"""The order of stages: those before are cited when accepted on the same code and settings, else run; and the road."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from arbitrage_core.domain.errors import BadInput
from flows import accept
from flows.outcome import StageOutcome, Standing
from flows.stages import registry
from flows.stages.order import ORDER, ROAD, before
from flows.stages.registry import STAGES
from tests.flows.outcomes import STAGE

NAMES = ("D64", "D65", "D66")


def test_the_road_is_the_eleven_stages_in_order() -> None:
    assert list(ORDER) == [f"D{number}" for number in range(64, 75)]
    assert [name for name in ORDER if name in STAGES] == list(STAGES)
    assert all(one.goal and one.done for one in ROAD)


def test_before_a_stage_come_all_those_earlier_on_the_road() -> None:
    assert before("D64") == ()
    assert before("D67") == ("D64", "D65", "D66")
    with pytest.raises(BadInput, match="D99"):
        before("D99")


class Ground:
    """What a run of `stand_before` finds recorded, and what becomes of the stages it runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, recorded: dict[str, bool], judged: dict[str, bool]) -> None:
        self.ran: list[str] = []
        self.recorded, self.judged = recorded, judged
        stages = {name: STAGE.model_copy(update={"name": name}) for name in NAMES}
        monkeypatch.setattr(accept, "STAGES", stages)
        monkeypatch.setattr(accept, "Record", SimpleNamespace(open=lambda url: nullcontext()))
        monkeypatch.setattr(accept, "standing_of", self._standing)
        monkeypatch.setattr(accept, "judge", self._judge)
        monkeypatch.setattr(accept, "_line", lambda: lambda text: None)

    def _standing(self, record, stage) -> Standing | None:
        if stage.name not in self.recorded:
            return None
        return Standing(stage=stage.name, accepted=self.recorded[stage.name], verdict_id=3, cited=True)

    def _judge(self, stage, here, fault, standings) -> StageOutcome:
        assert [one.stage for one in standings] == list(before(stage.name))
        self.ran.append(stage.name)
        verdict = f"{stage.name}_{'ACCEPTED' if self.judged[stage.name] else 'REJECTED'}"
        return StageOutcome(stage=stage.name, verdict=verdict, checks=(), campaigns=(), elapsed_s=0, verdict_id=8)


def stood(name: str) -> list[tuple[str, bool, bool]]:
    here = SimpleNamespace(postgres_url="")
    stage = STAGE.model_copy(update={"name": name})
    return [(one.stage, one.accepted, one.cited) for one in accept.stand_before(stage, here)]


def test_what_is_accepted_is_cited_and_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(monkeypatch, {"D64": True, "D65": True}, {})
    assert stood("D66") == [("D64", True, True), ("D65", True, True)]
    assert ground.ran == []


def test_what_is_not_accepted_yet_is_run_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(monkeypatch, {"D65": False}, {"D64": True, "D65": True})
    assert stood("D66") == [("D64", True, False), ("D65", True, False)]
    assert ground.ran == ["D64", "D65"]


def test_after_one_that_is_rejected_no_other_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(monkeypatch, {}, {"D64": False, "D65": True})
    assert stood("D66") == [("D64", False, False)]
    assert ground.ran == ["D64"]


def test_a_stage_that_is_not_written_yet_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    Ground(monkeypatch, {"D64": True, "D65": True, "D66": True}, {})
    assert stood("D68") == [("D64", True, True), ("D65", True, True), ("D66", True, True), ("D67", False, False)]


def test_all_stages_are_those_up_to_the_first_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [stage.name for stage in registry.stages_in_order()]
    assert there == list(ORDER[: len(there)])
    kept = {name: stage for name, stage in registry.STAGES.items() if name != "D66"}
    monkeypatch.setattr(registry, "STAGES", kept)
    assert [stage.name for stage in registry.stages_in_order()] == ["D64", "D65"]
