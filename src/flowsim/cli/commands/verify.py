"""`flowsim verify`: theory beside simulation, on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flowsim.cli.options import ENGINE, JSON, SEED, asked
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["verify"]


def verify(
    family: Annotated[
        list[str] | None, typer.Option(help="Only this family, such as mmc, meeting or exact; can be repeated.")
    ] = None,
    engine: Annotated[str, ENGINE] = "kernel",
    seed: Annotated[int, SEED] = 1,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Hold an engine against queueing theory: exit code 1 where anything fails.

    Queues whose answer is known run as any pathway does, and the difference is given in standard errors (z).

    What is known exactly has to agree to the tick.

    Example: [bold]flowsim verify --family meeting --family mtmc[/bold]
    """
    import json

    from flowsim.cli.words.run import verification_lines
    from flowsim.questions.verify import Verify

    question = asked(Verify, {"family": family, "engine": engine, "seed": seed})
    workers = 1 if question.engine == "simpy" else None
    with progress_bar("cases", show=not as_json) as progress, executor_of(workers) as executor:
        result = question.answer(executor, progress)
    if as_json:
        print(json.dumps(result.as_json(), allow_nan=False))
    else:
        print("\n".join(verification_lines(result)))
    if not result.passed:
        sys.stdout.flush()
        raise typer.Exit(1)
