"""`arb preset list|show|use`: the winners of studies, what they rest on, and which version is in use."""

from typing import Annotated

import typer

from console.operator_order import Reason
from console.options import Json

preset_app = typer.Typer(
    name="preset",
    help="Presets: parameters that arb tune --save kept, with their evidence; --preset trades with them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As saved by arb tune --save.")]


@preset_app.command("list")
def list_presets(as_json: Json = False) -> None:
    """Every preset: the version its name means, the newest one, and what it brought in sample and out of sample.

    Exit code 0. 1: the record cannot be had.
    """
    from console.preset_list import presets_of, print_presets

    print_presets(presets_of(), as_json=as_json)


@preset_app.command("show")
def show(
    name: Name,
    version: Annotated[int | None, typer.Option(metavar="N", min=1, help="Default: the one in use.")] = None,
    as_json: Json = False,
) -> None:
    """A preset whole: its parameters, digests and the evidence it was saved on.

    Exit code 0. 1: it is not what was saved, or the record cannot be had. 2: there is no such preset.
    """
    from console.preset_page import preset_document, print_preset

    print_preset(preset_document(name, version), as_json=as_json)


@preset_app.command("use")
def use(
    name: Name,
    version: Annotated[int | None, typer.Option(metavar="N", min=1, help="The version the name is to mean.")] = None,
    newest: Annotated[bool, typer.Option("--newest", help="The newest version again, whichever it will be.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """From now on the name means this version: the way back to an older one. Sessions that run are not touched.

    Exit code 0: recorded, as an operator's action. 1: that version is not what was saved, or the record cannot be had.
    2: there is no such preset or version.
    """
    from console.preset_use import used

    used(name, version, newest=newest, reason=reason, as_json=as_json)
