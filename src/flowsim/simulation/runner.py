"""Run replications of a pathway, scenario or varying model on an engine; reduce each to its measures as it comes."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, require_type, unknown_name, whole_number
from flowsim.core.progress import Progress, shows_progress, waiting
from flowsim.model.base import Base
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.ticks import without_tick_warnings
from flowsim.model.varying import Varying
from flowsim.simulation.engine.memory import available_memory as _available_memory
from flowsim.simulation.engine.memory import most_visits, size_of
from flowsim.simulation.engine.trace import Trace
from flowsim.simulation.fork import Fork, Forked, own_fork
from flowsim.simulation.kept import KeptHistories
from flowsim.simulation.measures.catalogue import Catalogue, Frame
from flowsim.simulation.measures.measure import Measure, Row, measures_named
from flowsim.simulation.opening import model_of
from flowsim.simulation.results import Results

if TYPE_CHECKING:
    from flowsim.core.written import Seed, WholeLike
    from flowsim.simulation.engine.slots import Compiled
    from flowsim.simulation.measures.timeline import DatedTrace

__all__ = ["Engine", "Running", "begin_run", "checked_count", "checked_seed", "estimate_memory", "known_engine", "run"]

Engine = Literal["kernel", "simpy"]
_LOG = logging.getLogger("flowsim.run")
_MOST_CITIZENS = 2**31 - 1
_MOST_REPLICATIONS = 10_000_000


class _Work(NamedTuple):
    """What all replications of a run share."""

    subject: Pathway | Varying
    frame: Frame
    engine: Engine
    seed: int
    fork: Fork | None
    own: bool  # the model draws its histories itself
    kept: KeptHistories | None
    keep: bool
    only: frozenset[Measure] | None
    a_citizen: float  # visits that one is counted with


class _Begun(NamedTuple):
    """A run whose arguments are checked: what its replications share, and what its results say of all of them."""

    work: _Work
    pathway: Pathway
    rows: tuple[Row, ...]


class _Replication(NamedTuple):
    number: int
    values: Floats
    digest: str | None
    trace: Trace | None
    tick: float


@shows_progress("run")
def run(
    subject: Pathway | Base | Scenario | Varying,
    *,
    engine: Engine = "kernel",
    replications: WholeLike | Iterable[WholeLike] = 20,
    fork: Fork | None = None,
    kept: KeptHistories | None = None,
    workers: WholeLike | None = None,
    measures: Iterable[str] | None = None,
    keep_traces: bool = False,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Results:
    """Simulate a pathway, a scenario or a varying model, and return the measures of every replication.

    The same subject, seed and replication give the same bytes on either engine, alone or among others, in any
    order and with any number of workers.

    Args:
        subject: what to run; of a base its own values, the fitted ones where it is calibrated. Of a `Varying`, each
            replication runs the pathway of its own.
        engine: "kernel" (compiled) or "simpy" (the readable reference).
        replications: how many, numbered from 0; or the numbers themselves, to run some of them again.
        fork: a date until before which replications share histories, each with a future of its own from it on; that of
            a varying model that draws histories where left out.
        kept: how histories stood at the fork in earlier runs, from which this one goes on; it is filled on the way.
        workers: how many threads; by default one for each core on the kernel, and this thread alone on SimPy, which
            Python's global lock keeps from running in parallel.
        measures: the names of those to compute, instead of all; the results then have no digest of the visits. One that
            ends in ".*" stands for all that begin so.
        keep_traces: keep all visits and sessions, for `Results.visits` and `Results.sessions`.
        seed: a whole number from 0 to 2**64 - 1, or NumPy's `SeedSequence`, of which the first 64 bits are taken.
        executor: where the replications run, instead of threads of this process.
        progress: called in this thread with (done, all) after each replication. What it raises cancels the rest.

    Raises:
        InputError: before anything runs, for arguments that are not allowed, and where the run would need more
            memory than the machine has; in a replication, where a varying model's pathway differs in more than
            numbers from that of the first one, or would need more memory than is free then.
    """
    numbers = _numbers(replications)
    known_engine(engine)
    if executor is not None:
        _check_executor(executor)
    if workers is not None:
        workers = whole_number("workers", workers, 1)
    workers = min(workers or os.cpu_count() or 1, len(numbers)) if engine == "kernel" else 1
    begun = _begun(
        subject, numbers, engine, workers, seed=seed, fork=fork, kept=kept, measures=measures, keep=keep_traces
    )
    work = begun.work
    with ExitStack() as open_threads, _compiling(engine) as compiled:
        if executor is None and workers > 1:
            executor = open_threads.enter_context(ThreadPoolExecutor(workers))
        if executor is None:
            finished: Iterable[_Replication] = (_replicate(work, number) for number in numbers)
        else:
            finished = _spread(executor, work, numbers)
        done = _collected(compiled(finished), len(numbers), progress)
    results = _results(begun, [done[number] for number in numbers])
    _LOG.info("%s: %d replications end, visits_sha256 %s", begun.pathway.name, len(numbers), results.visits_sha256)
    return results


class Running:
    """Replications of a run that are handed out before anybody waits for them, a few first and then more.

    Who leaves it (`with`) cancels those that have not begun.
    """

    def __init__(self, begun: _Begun, executor: Executor) -> None:
        self._begun, self._executor = begun, executor
        self._handed: dict[int, Future[_Replication]] = {}

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._handed.values():
            future.cancel()

    def hand_out(self, numbers: Iterable[int]) -> None:
        """Let replications have their turn, behind those that were handed out before."""
        for number in numbers:
            self._handed[number] = self._executor.submit(_replicate, self._begun.work, number)

    def results(self, numbers: Iterable[int], progress: Progress | None = None) -> Results:
        """Wait for replications that were handed out, and return their results as `run` does.

        Args:
            numbers: of the replications.
            progress: called with (done, all) after each; what it raises is raised here.

        Raises:
            InputError: as `run` in a replication.
        """
        numbers = tuple(numbers)
        finished = (self._handed[number].result() for number in numbers)
        done = _collected(finished, len(numbers), progress)
        return _results(self._begun, [done[number] for number in numbers])


def begin_run(
    subject: Pathway | Base | Scenario | Varying,
    *,
    replications: Iterable[int],
    executor: Executor,
    fork: Fork | None = None,
    kept: KeptHistories | None = None,
    measures: Iterable[str] | None = None,
    seed: Seed = 1,
) -> Running:
    """Begin a run on the kernel, as `run` does, whose replications are handed out one by one.

    Raises:
        InputError: as `run` before anything runs.
    """
    _check_executor(executor)
    numbers = _numbers(replications)
    workers = min(os.cpu_count() or 1, len(numbers))
    begun = _begun(subject, numbers, "kernel", workers, seed=seed, fork=fork, kept=kept, measures=measures)
    return Running(begun, executor)


def _check_executor(executor: Executor) -> None:
    if not callable(getattr(executor, "submit", None)):
        raise InputError(f"executor: {executor!r} is not allowed: it should be one of concurrent.futures, or alike")


def _begun(
    subject: Pathway | Base | Scenario | Varying,
    numbers: Sequence[int],
    engine: Engine,
    workers: int,
    *,
    seed: Seed,
    fork: Fork | None,
    kept: KeptHistories | None,
    measures: Iterable[str] | None,
    keep: bool = False,
) -> _Begun:
    """Check what a run of some replications needs, and prepare what they share."""
    seed = checked_seed(seed)
    if fork is not None:
        require_type("fork", fork, Fork, "a Fork(at=..., histories=...)")
    if isinstance(subject, Base):
        subject = subject.pathway()
    if not isinstance(subject, Pathway | Scenario) and not callable(getattr(subject, "pathway", None)):
        raise InputError(
            f"subject: {subject!r} is not allowed: it should be a Pathway, a Scenario, or a model with a method "
            "`pathway`; a name or a file is read by Scenario.of(...)"
        )
    if isinstance(subject, Scenario):
        subject = model_of(subject)
    own = fork is None and not isinstance(subject, Pathway)
    fork = own_fork(subject, seed) if own else fork
    own = own and fork is not None
    first = fork.history(numbers[0]) if fork and not own else numbers[0]
    pathway = subject if isinstance(subject, Pathway) else subject.pathway(seed, first)
    if fork is not None:
        # Of a model that ends before its own fork the histories alone are run.
        fork.check(pathway, numbers, ends_before=own)
    elif kept is not None:
        raise InputError("kept: histories are kept at a fork, so give `fork` too")
    visits = most_visits(pathway)
    _check_memory(pathway, engine, workers, len(numbers) if keep else 0, visits)
    frame = Frame.of(pathway)
    index = Catalogue.of(pathway, frame).index
    only = None if measures is None else _asked_for(measures, index)
    if only is not None:
        index = tuple(row for row in index if row.measure in only)
    _check_table(len(numbers), len(index))
    _compiled(pathway)
    _LOG.info("%s: %d replications begin, seed %d, %s engine", pathway.name, len(numbers), seed, engine)
    return _Begun(_Work(subject, frame, engine, seed, fork, own, kept, keep, only, visits), pathway, index)


def _results(begun: _Begun, replications: Sequence[_Replication]) -> Results:
    """Return the results of replications in their order."""
    work = begun.work
    return Results(
        pathway=begun.pathway,
        seed=work.seed,
        replications=tuple(each.number for each in replications),
        engine=work.engine,
        fork=work.fork,
        index=begun.rows,
        values=np.array([each.values for each in replications]),
        digests=tuple(each.digest for each in replications if each.digest is not None),
        versions=_versions(),
        traces={each.number: each.trace for each in replications if each.trace is not None},
        ticks={each.number: each.tick for each in replications if each.trace is not None},
    )


def _asked_for(measures: Iterable[str], index: Sequence[Row]) -> frozenset[Measure]:
    known = dict.fromkeys(row.measure for row in index)
    require_type("measures", measures, Iterable, "the names of measures, such as ['queue.desk']")
    names = (measures,) if isinstance(measures, str) else tuple(measures)
    if not names:
        raise InputError("measures: at least one is needed")
    return frozenset(measure for name in names for measure in measures_named(name, known))


def checked_seed(seed: Seed) -> int:
    """Return a seed as Python's own whole number: of a `SeedSequence` its first 64 bits, which are always the same.

    Raises:
        InputError: for anything but a whole number from 0 to 2**64 - 1.
    """
    if isinstance(seed, np.random.SeedSequence):
        return int(seed.generate_state(1, np.uint64)[0])
    try:
        return whole_number("seed", seed, 0, 2**64 - 1)
    except InputError:
        raise InputError(f"seed: {seed} is not allowed: a seed is a whole number from 0 to 2**64 - 1") from None


def known_engine(name: str) -> Engine:
    """Return the engine of a name.

    Raises:
        InputError: where there is none.
    """
    for engine in get_args(Engine):
        if isinstance(name, str) and name == engine:
            return cast(Engine, engine)
    raise InputError(f"engine: {unknown_name('engine', name, get_args(Engine))}")


def checked_count(replications: WholeLike) -> int:
    """Return how many replications are asked for as Python's own whole number.

    Raises:
        InputError: for anything but a whole number from 1 to 10,000,000.
    """
    try:
        return whole_number("replications", replications, 1, _MOST_REPLICATIONS)
    except InputError:
        raise InputError(
            f"replications: {replications} is not allowed: from 1 to {_MOST_REPLICATIONS:,} can be run"
        ) from None


def _numbers(replications: WholeLike | Iterable[WholeLike]) -> list[int]:
    if not isinstance(replications, Iterable) or isinstance(replications, str):
        return list(range(checked_count(replications)))
    numbers = [whole_number("replications", number, -(2**63)) for number in replications]
    if not numbers or len(set(numbers)) != len(numbers) or min(numbers) < 0:
        raise InputError("replications: the numbers of replications are different whole numbers from 0 on")
    return numbers


# A pathway is prepared once, not once a replication. What is heavy to import is imported here, so that a run that can't
# be is refused at once.
@lru_cache(maxsize=4)
def _compiled(pathway: Pathway) -> Compiled:
    from flowsim.simulation.engine.slots import compiled_like

    return compiled_like(pathway)


def _prepared(work: _Work, number: int) -> Compiled:
    if isinstance(work.subject, Pathway):
        return _compiled(work.subject)
    from flowsim.simulation.engine.slots import compiled_like

    with without_tick_warnings():
        pathway = work.subject.pathway(work.seed, number if work.own or not work.fork else work.fork.history(number))
    work.frame.check(pathway, f"replication {number}")
    _check_memory(pathway, work.engine, 1, 0, work.a_citizen)
    if work.kept is not None and work.fork is not None:
        return work.kept.compiled(pathway, work.seed, work.fork, number)
    return compiled_like(pathway)


def _replicate(work: _Work, number: int) -> _Replication:
    compiled = _prepared(work, number)
    pathway = compiled.pathway
    from flowsim.simulation.engine.deadlock import deadlocks_told

    luck = Forked(work.seed, number, ()) if work.fork is None else work.fork.luck(pathway, work.seed, number)
    with deadlocks_told(pathway, number):
        trace, gone = _simulated(work, number, compiled, luck)
    values = Catalogue.of(pathway, work.frame).compute(trace, work.only, gone)
    digest = trace.digest if work.only is None else None
    return _Replication(number, values, digest, trace if work.keep else None, pathway.tick)


def _simulated(work: _Work, number: int, compiled: Compiled, luck: Forked) -> tuple[Trace, DatedTrace | None]:
    model = compiled.model
    if work.engine == "simpy":
        from flowsim.simulation.engine import reference

        return reference.simulate(model, *luck), None
    from flowsim.simulation.engine import fast

    if work.fork is not None and work.kept is not None and work.fork.at < compiled.pathway.end:
        measured = None if work.keep or work.only is None else work.frame
        return work.kept.simulate(compiled, work.seed, work.fork, number, measured)
    return fast.simulate(model, *luck), None


@contextmanager
def _compiling(engine: Engine) -> Iterator[Callable[[Iterable[_Replication]], Iterator[_Replication]]]:
    """Tell what the first replication waits for where nothing is compiled yet, until it is there."""
    with ExitStack() as wait_for_it:

        def passed_on(finished: Iterable[_Replication]) -> Iterator[_Replication]:
            for replication in finished:
                wait_for_it.close()
                yield replication

        if engine == "kernel":
            from flowsim.simulation.engine.kernel import run_loop
            from flowsim.simulation.engine.machine_code import SECONDS, is_cached

            if not is_cached(run_loop):
                _LOG.info("the engine is compiled, once after installing: about %d seconds", SECONDS)
                words = f"compiling the engine, once after installing: about {SECONDS} seconds"
                wait_for_it.enter_context(waiting(words))
        yield passed_on


def _handed_over(work: _Work) -> _Work:
    return work


class _Handed(NamedTuple):
    """How work is handed out: what stands for it in a task, and how many tasks at a time."""

    work: Any
    ahead: int


def _handed(executor: Executor, work: _Work) -> _Handed:
    """Say how work is handed out: on a Dask cluster by reference, so that each worker gets it once.

    Every other executor gets the work itself, with each task. The reference is the result of a task and no scattered
    value: where all workers that hold it are lost, Dask makes it again.
    """
    client = getattr(executor, "_client", None)
    if client is None or not type(executor).__module__.startswith("distributed."):
        return _Handed(work, 2 * (os.cpu_count() or 1) + 8)
    threads = sum(client.nthreads().values())
    return _Handed(client.submit(_handed_over, work, pure=False), 2 * threads + 8)


def _collected(finished: Iterable[_Replication], total: int, progress: Progress | None) -> dict[int, _Replication]:
    done: dict[int, _Replication] = {}
    for replication in finished:
        done[replication.number] = replication
        if progress is not None:
            progress(len(done), total)
    return done


def _spread(executor: Executor, work: _Work, numbers: Iterable[int]) -> Iterator[_Replication]:
    """Yield replications as they finish, with a bounded number of them handed out at a time."""
    handed = _handed(executor, work)
    waiting: set[Future[_Replication]] = set()
    try:
        for number in numbers:
            waiting.add(executor.submit(_replicate, handed.work, number))
            if len(waiting) >= handed.ahead:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    finally:
        for future in waiting:
            future.cancel()


def estimate_memory(pathway: Pathway, engine: Engine = "kernel") -> tuple[float, float]:
    """Return the citizens to be expected, and the bytes that one replication of them takes at most."""
    return size_of(pathway, engine)


def _check_memory(pathway: Pathway, engine: Engine, at_once: int, kept: int, a_citizen: float | None = None) -> None:
    citizens, each = size_of(pathway, engine, a_citizen)
    if citizens > _MOST_CITIZENS:
        raise InputError(
            f"population: about {citizens:.3g} citizens are expected, and at most {_MOST_CITIZENS:,} fit one "
            "replication: lower the arrivals or counts of the entries, or shorten the horizon"
        )
    needed, available = each * at_once + each / 3 * kept, _available_memory()
    if needed > available:
        raise InputError(
            f"memory: about {needed / 2**30:.3g} GiB are needed ({citizens:,.0f} citizens a replication, {at_once} "
            f"at a time{f', {kept} kept' if kept else ''}) and {available / 2**30:.3g} GiB are free: lower the "
            "arrivals, shorten the horizon, or run fewer replications"
        )


def _check_table(replications: int, measures: int) -> None:
    # Each value is held as it comes, in the table, and sorted for quantiles; each replication has a digest.
    needed, available = replications * (3 * 8 * measures + 1000.0), _available_memory()
    if needed > available:
        raise InputError(
            f"memory: about {needed / 2**30:.3g} GiB are needed ({measures:,} measures of each of {replications:,} "
            f"replications) and {available / 2**30:.3g} GiB are free: run fewer replications"
        )


def _versions() -> dict[str, str]:
    names = ("flowsim", "numpy", "scipy", "numba", "simpy", "pandas")
    return {"python": platform.python_version()} | {name: _version(name) for name in names}


@cache
def _version(library: str) -> str:
    return metadata.version(library)
