"""Steps become part of what calls them, rules can be called from Python too, and tables are handed on by address."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from llvmlite.binding import Linkage
from numba import njit, typeof

from flowsim.simulation.engine import kernel
from flowsim.simulation.engine.addressed import Addressed, by_address
from flowsim.simulation.engine.compiler import Model
from flowsim.simulation.engine.kernel import RunState
from flowsim.simulation.engine.steps import compiled_step


class Tables(NamedTuple):
    number: int
    rows: Any
    square: Any


by_address(Tables)
ROW = np.dtype([("count", "<i2"), ("share", "<f8")])


@compiled_step(_nrt=False)
def half(x):
    return x / 2


@compiled_step(_nrt=False)
def quarter(x):
    return half(half(x))


@njit
def three_quarters(x):
    return quarter(x) + half(x)


@compiled_step(_nrt=False)
def count_on(tables, row):
    tables.rows[row].count += tables.number
    return tables.rows[row].count + tables.square[1, row] + len(tables.rows)


@njit
def counted(tables, row):
    return count_on(tables, row)


def test_no_machine_code_is_made_of_a_step_by_itself():
    assert three_quarters(8.0) == 6.0
    for part in (half, quarter):
        (overload,) = part.overloads.values()
        code = [function for function in overload.library._final_module.functions if not function.is_declaration]
        assert code
        assert {function.linkage for function in code} == {Linkage.available_externally}


def test_tables_are_read_and_written_at_their_address_as_without_compiling():
    tables = Tables(3, np.zeros(4, ROW), np.arange(8.0).reshape(2, 4))
    assert isinstance(typeof(tables), Addressed)
    assert [counted(tables, row) for row in (2, 2, 0)] == [3 + 6 + 4, 6 + 6 + 4, 3 + 4 + 4]
    assert tables.rows["count"].tolist() == [3, 0, 6, 0]
    again = tables._replace(rows=np.zeros(4, ROW)[::2])  # not in one piece
    assert counted(again, 1) == 3 + 5 + 2
    with pytest.raises(Exception, match="colour"):
        njit(lambda tables: tables.colour)(tables)


def test_the_model_and_the_working_tables_go_by_address():
    for named in (Model, RunState):
        plain = named(**dict.fromkeys(named._fields, 1))
        assert isinstance(typeof(plain), Addressed), named


def test_a_rule_is_the_same_called_from_python_and_as_a_step():
    @njit
    def rounded(x):
        return kernel.half_up(x)

    assert [rounded(x) for x in (0.4, 0.5, 1.5)] == [kernel.half_up(x) for x in (0.4, 0.5, 1.5)] == [0, 1, 2]
    assert kernel.half_up.__doc__.startswith("Round")
