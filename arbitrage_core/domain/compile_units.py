"""Compile units: the engine's machine code is made once, not once for each of its functions.

Left to itself Numba optimises every function together with all it calls and makes machine code of it; then its caller
does the same again with both inside. That work grows with the depth of the calls, and all but the outermost result is
thrown away. Here an inner function is a *part*: typed and lowered, no more. The outermost is a *whole*: it links every
part below it once, and only then is anything optimised. Compiling takes half the time and the code is as fast
(docs/decisions/0007-compile-units.md has the figures).

Both are given to Numba as compiler pipelines, which is its documented way in; what happens inside relies on how its
code libraries work. Numba's version is pinned by `requirements.lock`, and the tests compile, cache and reload a whole.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.typed_passes import DumpParforDiagnostics, InlineOverloads, NativeLowering
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FindLiterallyCalls,
    InlineClosureLikes,
    InlineInlinables,
    LiteralPropagationSubPipelinePass,
    LiteralUnroll,
    MakeFunctionToJitFunction,
    RewriteDynamicRaises,
    RewriteSemanticConstants,
    WithLifting,
)

NOT_NEEDED = {
    WithLifting,
    RewriteSemanticConstants,
    DeadBranchPrune,
    RewriteDynamicRaises,
    MakeFunctionToJitFunction,
    InlineClosureLikes,
    InlineInlinables,
    InlineOverloads,
    FindLiterallyCalls,
    LiteralUnroll,
    LiteralPropagationSubPipelinePass,
    DumpParforDiagnostics,
}
"""Numba's passes for what engine code has none of: closures, `with`, `literally`, inlining of its intermediate code."""


class UnitLibrary(JITCodeLibrary):
    """The code of one function."""

    apart = False
    """Whether it is never inlined."""

    def add_ir_module(self, ir_module: Any) -> None:
        """As Numba's; a function that stays apart is marked so."""
        if self.apart:
            for function in ir_module.functions:
                if not function.is_declaration:
                    function.attributes.add("noinline")
        super().add_ir_module(ir_module)


class PartLibrary(UnitLibrary):
    """The code of one inner function, and the libraries it calls into."""

    def _ensure_finalized(self) -> None:
        """A part is linked as it is; nothing makes it ready to run by itself."""

    def visit(self, done: dict[JITCodeLibrary, None]) -> None:
        """Adds to `done` all libraries below this one, and then itself: what is called before what calls it."""
        visit_all(self._linking_libraries, done)
        done[self] = None


class WholeLibrary(UnitLibrary):
    """The code of an outermost function, linked with that of everything below it."""

    def finalize(self) -> None:
        """Links what the parts call into as well, then optimises and makes machine code.

        Callers come first: LLVM takes from a library only what something linked before it asks for.
        """
        done: dict[JITCodeLibrary, None] = {}
        visit_all(self._linking_libraries, done)
        self._linking_libraries = list(reversed(done))
        super().finalize()


def visit_all(libraries: list[JITCodeLibrary], done: dict[JITCodeLibrary, None]) -> None:
    """Adds these libraries, and what their parts call into, to `done`, each once."""
    for library in libraries:
        if library in done:
            continue
        if isinstance(library, PartLibrary):
            library.visit(done)
        else:
            done[library] = None


@register_pass(mutates_CFG=True, analysis_only=False)
class WholeLowering(NativeLowering):
    """As Numba's own, into a whole."""

    _name = "whole_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lowers the function that `state` holds and makes it ready to run."""
        state.library = _library_for(state, WholeLibrary)
        return super().run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class PartLowering(NativeLowering):
    """As Numba's own, into a part, with a stand-in for the entry that Python would call."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lowers the function that `state` holds, for others to be linked with."""
        state.library = _library_for(state, PartLibrary)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state.cr
        entry = {}.__getitem__  # Numba wants a built-in function of its own for each; this one raises when called
        state.targetctx.insert_user_function(entry, lowered.fndesc, [state.library])
        state["cr"] = _LowerResult(lowered.fndesc, lowered.call_helper, cfunc=entry, env=lowered.env)
        return True


class Whole(CompilerBase):
    """The pipeline of an outermost function."""

    def define_pipelines(self) -> list[PassManager]:
        """Numba's, but for the last step."""
        return [_pipeline(self.state, WholeLowering)]


class Part(CompilerBase):
    """The pipeline of a function that is called from compiled code only."""

    def define_pipelines(self) -> list[PassManager]:
        """Numba's, but for the last step."""
        return [_pipeline(self.state, PartLowering)]


def _pipeline(state: Any, lowering: type[NativeLowering]) -> PassManager:
    manager = DefaultPassBuilder.define_nopython_pipeline(state)
    manager.passes = [
        (lowering if step is NativeLowering else step, why) for step, why in manager.passes if step not in NOT_NEEDED
    ]
    manager.finalize()
    return manager


def _library_for(state: Any, kind: type[UnitLibrary]) -> UnitLibrary:
    library = kind(state.targetctx.codegen(), state.func_id.func_qualname)
    library.apart = getattr(state.func_id.func, "__apart__", False)
    library.enable_object_caching()
    return library
