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


class PartLibrary(JITCodeLibrary):
    """The code of one inner function, and the libraries it calls into."""

    def _ensure_finalized(self) -> None:
        """A part is linked as it is; nothing makes it ready to run by itself."""

    def below(self, known: dict[Any, None]) -> None:
        """Adds to `known` all libraries this one needs, each once."""
        for library in self._linking_libraries:
            if library not in known:
                known[library] = None
                if isinstance(library, PartLibrary):
                    library.below(known)


class WholeLibrary(JITCodeLibrary):
    """The code of an outermost function, linked with that of everything below it."""

    def finalize(self) -> None:
        """Links what the parts call into as well, then optimises and makes machine code."""
        known = dict.fromkeys(self._linking_libraries)
        for library in list(known):
            if isinstance(library, PartLibrary):
                library.below(known)
        self._linking_libraries = list(known)
        super().finalize()


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


def _library_for(state: Any, kind: type[JITCodeLibrary]) -> JITCodeLibrary:
    library = kind(state.targetctx.codegen(), state.func_id.func_qualname)
    library.enable_object_caching()
    return library
