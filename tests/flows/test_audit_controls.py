"""The controls of the audit: each feature switched off is named, and an audit that names nothing has failed."""

import pytest

from flows.audit import always_yes, look
from flows.audit_controls import control_checks, control_outcome, judged_controls
from flows.stages.controls import CONTROLS, SOUND, Control
from flows.stages.features import FEATURES

STOP_LOSS = next(one for one in CONTROLS if one.name == "stop-loss off")
HOLDING = next(one for one in CONTROLS if one.name == "holding time off")


@pytest.fixture(scope="module")
def sound():
    """The sample with nothing switched off."""
    return control_outcome(SOUND)


def test_each_control_names_features_there_are_and_most_one() -> None:
    names = {feature.name for feature in FEATURES}
    assert all(set(control.missing) <= names for control in CONTROLS)
    assert [control.name for control in CONTROLS if len(control.missing) != 1] == [SOUND.name]


def test_nothing_switched_off_leaves_nothing_missing(sound) -> None:
    (check,) = judged_controls(FEATURES, {SOUND: sound})
    assert check.passed, check.observed


def test_a_feature_switched_off_is_named_and_no_other() -> None:
    (check,) = judged_controls(FEATURES, {HOLDING: control_outcome(HOLDING)})
    assert (check.passed, check.observed) == (True, "❌ Exit by holding time")


def test_an_audit_that_lists_nothing_or_something_else_has_failed(sound) -> None:
    without = sound.model_copy(update={"exits": {**sound.exits, "STOP_LOSS": 0}})
    blind, silent, wrong = (
        judged_controls(FEATURES, {STOP_LOSS: without}, always_yes),
        judged_controls(FEATURES, {STOP_LOSS: sound}, look),
        judged_controls(FEATURES, {SOUND: without}, look),
    )
    assert [check.passed for checks in (blind, silent, wrong) for check in checks] == [False, False, False]
    (seen,) = judged_controls(FEATURES, {STOP_LOSS: without})
    assert seen.passed


def test_a_session_that_stopped_itself_is_no_control(sound) -> None:
    broken = sound.model_copy(update={"findings": ("the session stopped itself",)})
    (check,) = judged_controls(FEATURES, {SOUND: broken})
    assert not check.passed


@pytest.mark.slow
def test_all_controls_pass_as_they_run_in_the_acceptance() -> None:
    checks = control_checks(FEATURES, workers=2)
    assert [(check.name, check.observed) for check in checks if not check.passed] == []
    assert len(checks) == len(CONTROLS) > 10


def test_a_control_is_a_setting_or_a_fault() -> None:
    assert all(bool(one.settings) != (one.fault is not None) for one in CONTROLS if one is not SOUND)
    assert isinstance(SOUND, Control)
