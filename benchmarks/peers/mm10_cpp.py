"""M/M/10 in C++, compiled on the spot; `mm10.cpp` is the model."""

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.cases import ARRIVALS, DESKS, SERVICE, horizon
from flowsim.simulation.engine.compiler import name_key

TICKS = 3600  # an hour, at one second
COMPILER = shutil.which("g++")
FLAGS = ("-O3", "-march=native", "-std=c++17")


@cache
def _library():
    source = Path(__file__).with_name("mm10.cpp")
    folder = tempfile.mkdtemp(prefix="flowsim-bench-")
    built = Path(folder) / "mm10.so"
    subprocess.run([COMPILER, *FLAGS, "-shared", "-fPIC", "-o", built, source], check=True)
    library = ctypes.CDLL(str(built))
    shutil.rmtree(folder)  # it stays mapped
    library.mm10.restype = ctypes.c_int64
    return library


def simulate(citizens, seed):
    """Return how many were served and their mean wait in hours; the loop's own sum of waits costs next to nothing."""
    waited = ctypes.c_int64()
    integers = [ctypes.c_int64(n) for n in (DESKS, round(horizon(citizens) * TICKS), citizens)]
    keys = [ctypes.c_uint64(n) for n in (seed, name_key("door"), name_key("desk"))]
    means = [ctypes.c_double(n) for n in (TICKS / ARRIVALS, SERVICE * TICKS)]
    served = _library().mm10(*keys, *means, *integers, ctypes.byref(waited))
    return served, waited.value / served / TICKS
