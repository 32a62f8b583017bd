"""Compiled functions that are only ever part of others: neither optimised nor made into machine code by themselves.

numba makes machine code of every function that a compiled one calls, and optimises it with all that it calls in turn.
Of a loop ten calls deep the innermost steps are so compiled ten times over, and all but the last are thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from llvmlite.binding import Linkage
from numba import config, njit
from numba.core import types
from numba.core.codegen import CPUCodeLibrary, JITCodeLibrary
from numba.core.compiler import Compiler
from numba.extending import typeof_impl

from flowsim.simulation.engine.machine_code import cached

__all__ = ["compiled_rule", "compiled_step"]


class _Part(JITCodeLibrary):
    """The code of a function that is linked into others, which are optimised with it; of its own none is made."""

    def _optimize_final_module(self) -> None:
        # Where numba optimises, all that this calls is linked in by now. Others get a copy; for itself no function is
        # left to make machine code of, only the variables that numba asks for.
        self._shared_module = self._final_module.clone()
        for function in self._shared_module.functions:
            if not function.is_declaration and function.linkage == Linkage.external:
                function.linkage = Linkage.linkonce_odr
        for function in self._final_module.functions:
            if not function.is_declaration:
                function.linkage = Linkage.available_externally


class _PartCompiler(Compiler):
    def define_pipelines(self) -> Any:
        state: Any = self.state
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().define_pipelines()


def _is_as_known() -> bool:
    """Return whether numba links and optimises as it did up to now; or else it compiles in its own way."""
    finalize = getattr(CPUCodeLibrary.finalize, "__code__", None)
    link = getattr(getattr(CPUCodeLibrary, "_get_module_for_linking", None), "__code__", None)
    return (
        finalize is not None
        and link is not None
        and {"_get_module_for_linking", "_optimize_final_module", "_finalize_final_module"} <= set(finalize.co_names)
        and "_shared_module" in link.co_names
    )


_compiled: Any = njit
_settings: Any = config
_COMPILER: dict[str, Any] = {"pipeline_class": _PartCompiler} if _is_as_known() else {}


def compiled_step(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator for a function that compiled ones alone call: its code becomes part of theirs."""
    decorate: Callable[[Any], Any] = _compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_COMPILER, **options)
    return decorate


class _Rule:
    """A function that compiled ones call as a step, and Python as a function with machine code of its own."""

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        self.step, self._entry = compiled_step(**options)(function), cached(**options)(function)
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        return self._entry(*arguments)


@typeof_impl.register(_Rule)
def _type_of_rule(value: _Rule, context: Any) -> Any:
    return types.Dispatcher(value.step)


def compiled_rule(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator for a function that both compiled ones and Python call."""
    return lambda function: function if _settings.DISABLE_JIT else _Rule(function, options)
