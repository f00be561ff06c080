"""The feature: something the system is for, what it is made of, and where to see it at work. Data for the audit."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

STAGE = r"^D\d\d$"


class Probe(BaseModel):
    """Where the measured evidence of a feature stands: in figures, checks or tables, of exactly one kind.

    A stage counts as run when every campaign of it has an outcome of the present code in the record. Each that was run
    must show the feature, or, if `together`, all of them in sum, once all were run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stages: tuple[str, ...] = Field(min_length=1, description="whose campaigns and checks are looked at")
    figures: tuple[str, ...] = Field((), description="paths of SeedOutcome.at, summed over the seeds of a stage")
    checks: tuple[str, ...] = Field((), description="names of checks, * for any words: at least one, and all passed")
    table: str = Field("", description="of the record: rows of sessions of the present engine")
    where: tuple[tuple[str, str | bool], ...] = Field((), description="columns of the table, and what they say")
    least: float = Field(1, gt=0, description="of each figure, and of rows")
    together: bool = False

    @model_validator(mode="after")
    def _looks_at_one_thing(self) -> "Probe":
        if sum(map(bool, (self.figures, self.checks, self.table))) != 1:
            raise ValueError("a probe looks at figures, at checks or at a table: at one of them")
        if self.where and not self.table:
            raise ValueError("only a table has columns")
        return self


class Feature(BaseModel):
    """A feature of the mission. Critical: without it the stage that owns it must not be accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    stage: str = Field(pattern=STAGE, description="the stage that owns it")
    why: str = Field(min_length=1, description="why it matters, in a line")
    code: tuple[str, ...] = Field(min_length=1, description="module, or module:name, that must exist")
    tests: tuple[str, ...] = Field(min_length=1, description="tests/….py, or tests/….py::name, that must exist")
    probe: Probe
    critical: bool = True
    limit: str = Field("", description="what it does not do, said beside what it does; none: nothing known")
