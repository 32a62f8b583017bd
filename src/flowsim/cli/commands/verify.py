"""`flowsim verify`: theory beside simulation, on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flowsim.cli.options import ENGINE, JSON, LANGUAGE, SEED, asked, integer_option, spoken
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["verify"]


def verify(
    family: Annotated[
        list[str] | None, typer.Option(help="Only this family, such as mmc, meeting or exact; can be repeated.")
    ] = None,
    engine: Annotated[str, ENGINE] = "kernel",
    promises: Annotated[
        bool, typer.Option("--promises", help="Put what is promised of chance to the test in repetitions, instead.")
    ] = False,
    repetitions: Annotated[
        int | None, integer_option(help="Of each search, with --promises; 200 if left out, at least 10.")
    ] = None,
    seed: Annotated[int, SEED] = 1,
    as_json: Annotated[bool, JSON] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Hold an engine against queueing theory: exit code 1 where anything fails.

    Queues whose answer is known run as any pathway does, and the difference is given in standard errors (z).

    What is known exactly has to agree to the tick.

    With --promises: searches and intervals are repeated on models whose answer is known, in minutes.

    Example: [bold]flowsim verify --family meeting --family mtmc[/bold]
    """
    import json

    from flowsim.cli.words.promises import promise_lines
    from flowsim.cli.words.run import verification_lines
    from flowsim.questions.verify import Verify
    from flowsim.theory.verification.promises import Promises

    words = spoken(language)
    values = {"family": family, "engine": engine, "promises": promises, "repetitions": repetitions, "seed": seed}
    question = asked(Verify, values)
    workers = 1 if question.engine == "simpy" else None
    what = "progress.tests" if question.promises else "progress.cases"
    with progress_bar(words.say(what), show=not as_json) as progress, executor_of(workers) as executor:
        result = question.answer(executor, progress)
    if as_json:
        print(json.dumps(result.as_json(), allow_nan=False))
    else:
        print(
            "\n".join(
                promise_lines(result, words) if isinstance(result, Promises) else verification_lines(result, words)
            )
        )
    if not result.passed:
        sys.stdout.flush()
        raise typer.Exit(1)
