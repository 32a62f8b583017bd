"""Tables handed on in compiled code as one address, instead of as some two hundred numbers at every call.

numba takes a named tuple of arrays apart, and hands each array's address, length and strides on from function to
function. Here the tuple lies in the frame of whoever called from Python, and what is handed on is where it lies. The
code that reads it is the same, `m.states[3].key`, and without compiling it is the named tuple itself.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

__all__ = ["Addressed", "by_address"]


class Addressed(types.Type):
    """The type of a named tuple that is handed on by its address."""

    def __init__(self, tables: Any) -> None:
        self.tables = tables
        super().__init__(name=f"Addressed({tables})")

    @property
    def key(self) -> Any:
        """What tells two types apart."""
        return self.tables


def by_address(named: type) -> None:
    """Have compiled code take the values of a class of named tuples by their address."""

    @typeof_impl.register(named)
    def _type_of(value: Any, context: Any) -> Addressed:
        return Addressed(typeof_impl.dispatch(tuple)(value, context))


@register_model(Addressed)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, manager.lookup(of.tables).get_value_type().as_pointer())


@infer_getattr
class _Attributes(AttributeTemplate):
    key = Addressed

    def generic_resolve(self, of: Any, name: str) -> Any:  # type: ignore[override]
        return of.tables.types[of.tables.fields.index(name)] if name in of.tables.fields else None


@lower_getattr_generic(Addressed)
def _read(context: Any, builder: Any, of: Any, value: Any, name: str) -> Any:
    place, kind = of.tables.fields.index(name), of.tables.types[of.tables.fields.index(name)]

    def load(*path: int) -> Any:
        indices = [ir.Constant(ir.IntType(32), step) for step in (0, place, *path)]
        return builder.load(builder.gep(value, indices, inbounds=True))

    if not (isinstance(kind, types.Array) and kind.layout == "C" and kind.ndim == 1):
        return impl_ret_borrowed(context, builder, kind, load())
    # Of a plain table the place and the length are all that there is to know.
    model = context.data_model_manager[kind]
    table = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    table.data, table.nitems = load(model.get_field_position("data")), load(model.get_field_position("nitems"))
    table.itemsize = size
    table.shape, table.strides = cgutils.pack_array(builder, [table.nitems]), cgutils.pack_array(builder, [size])
    return table._getvalue()


@unbox(Addressed)
def _unboxed(of: Any, named: Any, c: Any) -> Any:
    taken = c.unbox(of.tables, named)
    place = cgutils.alloca_once_value(c.builder, taken.value)

    def let_go() -> None:
        # The caller's wrapper counts down what the type holds, and an address holds nothing: so the tables would stay.
        if taken.cleanup is not None:
            taken.cleanup()
        if c.context.enable_nrt:
            c.context.nrt.decref(c.builder, of.tables, taken.value)

    return NativeValue(place, is_error=taken.is_error, cleanup=let_go)
