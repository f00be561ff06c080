"""A preset in a plan: its parameters over the market's settings and below those of the operator.

They are laid in as the operator could have given them by hand, so the session is the same to the last bit. What the
operator does give wins: the same name with the same or a wider reach takes the preset's place, and a size given in one
way takes the place of a size given in the other. A name with a nearer reach holds there, as always.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.plan import SIZE_NAMES, UNSET

if TYPE_CHECKING:  # a session without a preset needs no database
    from arbitrage_core.storage.record.presets import StrategyPreset

Plan = Callable[[tuple[str, ...]], SessionConfig]


def plan_with_preset(preset: "StrategyPreset | None", settings: Sequence[str], plan: Plan) -> SessionConfig:
    """What `plan` makes of the operator's settings with the preset's parameters below them; None: of them alone.

    Raises BadInput: for a preset of another strategy, for parameters of it that there no longer are or that cannot be,
    and whatever `plan` raises of the operator's own.
    """
    if preset is None:
        return plan(tuple(settings))
    try:
        config = plan((*params_below(preset.params, settings), *settings))
    except BadInput as error:
        plan(tuple(settings))  # raises when the operator's own are at fault
        raise BadInput(
            f"preset {preset} does not fit: {error}",
            "it was saved for other settings or data: tune again, or take another (arb preset list)",
        ) from error
    if config.strategy != preset.strategy:
        raise BadInput(
            f"preset {preset} is for the strategy {preset.strategy}, the session's is {config.strategy}",
            "choose a preset of that strategy: arb preset list",
        )
    return config


def params_below(params: Mapping[str, Any], settings: Sequence[str]) -> tuple[str, ...]:
    """The parameters as settings, without those whose place one of `settings` takes."""
    given = [(path.strip(), text.strip()) for path, _, text in (setting.rpartition("=") for setting in settings)]
    return tuple(f"{path}={value}" for path, value in params.items() if not any(_takes(*one, path) for one in given))


def _takes(given: str, text: str, path: str) -> bool:
    """Whether a setting of the name `given` reaches all that one of the name `path` does, and is of the same thing."""
    reach, dot, name = path.rpartition(".")
    names = SIZE_NAMES if name in SIZE_NAMES and text.lower() not in UNSET else (name,)
    return any(given in (one, f"{reach}{dot}{one}") for one in names)
