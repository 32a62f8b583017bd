"""`flowsim web`: the planners' page on this machine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from flowsim.cli.options import integer_option

__all__ = ["web"]


def web(
    base: Annotated[
        str, typer.Option(help="Of whom: copenhagen, a pathway file, or a scenario file to compare with.")
    ] = "copenhagen",
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day from which changes take effect.", metavar="DATE"),
    ] = None,
    port: Annotated[int, integer_option(help="The port; a free one if 0.")] = 8600,
    host: Annotated[
        str, typer.Option(help="Another address to listen at: others on the network can then open the page.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    log: Annotated[Path | None, typer.Option(help="Write requests and faults to this file.")] = None,
    shortcut: Annotated[
        Path | None,
        typer.Option(help="Write a file to double-click to this folder, and do not open the page.", metavar="FOLDER"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an earlier shortcut.")] = False,
) -> None:
    """Open the planners' page: sliders, queues and forecasts in the browser, on this machine alone.

    Nothing is sent to another machine. Ctrl-C ends it.

    Example: [bold]flowsim web[/bold]
    """
    from flowsim.web import serving

    desk = serving.desk_of(base, today.date() if today else None)
    if shortcut is not None:
        words = ["--base", base if not Path(base).is_file() else str(Path(base).resolve())]
        words += ["--today", f"{today:%Y-%m-%d}"] if today else []
        words += ["--port", str(port), "--host", host]
        print(f"Written to {serving.shortcut(shortcut, words, overwrite=force)}")
        return
    serving.serve(desk, host=host, port=port, browser=browser, log=log)
