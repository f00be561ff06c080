"""The evidence of a seed's study: what it found, and what was asked of it besides, as plain data."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class StudyEvidence(BaseModel):
    """A study on one seed's rows, as recorded, and looked into."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    study_id: int = Field(description="tuning_studies.id in the record")
    planned: int = Field(description="so many sets were to be tried")
    trials: int = Field(description="so many are in the record")
    failed: int = Field(description="of these, stopped by the engine")
    objective: str
    trial: int = Field(description="the number of the best set")
    params: dict[str, Any] = Field(description="of the best set")
    settings: tuple[str, ...] = Field(description="the same as --set takes them: those of the seed's session")
    in_sample: dict[str, float]
    out_of_sample: dict[str, float]
    deflated_sharpe: float | None
    overfit_probability: float | None
    loss_probability: float | None
    plateau_share: float | None = Field(description="what its worst neighbour has of the best set's objective")
    objections: tuple[str, ...] = Field(description="what speaks against the best set; none: it holds up")
    state_hash: str = Field(description="which the trial left, and the seed's session must leave")
    split_differences: tuple[str, ...] = Field(description="where figures are not those of the session's own trades")
    moments: int = Field(description="from so many moments on rows were exchanged, to see whether orders before change")
    orders_compared: int
    foreseen: tuple[str, ...] = Field(description="orders that changed")
    in_sample_changed: tuple[str, ...] = Field(description="sets whose figures in sample hang on rows out of it")
    out_of_sample_changed: int = Field(description="sets whose figures out of sample changed with them, as they must")
    chosen_again: bool = Field(description="whether the same set is chosen whatever the rows out of sample are")
