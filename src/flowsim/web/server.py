"""The page on this machine: what is asked of it, within bounds, and nothing that it does not have to say.

It answers to this machine alone unless a host is named; nothing is loaded from another one. A request has to come from
the page itself: of this host, of this origin, as JSON. An answer may run nothing inline, and what goes wrong here is
written to the log, never to the page.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from flowsim.web.answers import Answers, error_answer, in_all_languages
from flowsim.web.asked import Desk
from flowsim.web.compiling import Compilation
from flowsim.web.jobs import Turns, give_back_memory
from flowsim.web.screens.shelf import Shelf
from flowsim.web.workbench import Workbench

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["page"]

REST = 60.0
"""Seconds without a job after which memory is given back."""
_LOG = logging.getLogger("flowsim.web")
_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class _Guard:
    """Refuse what does not come from the page itself, and put the page's rules on every answer."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        rules = [(name.encode(), text.encode()) for name, text in _HEADERS.items()]

        async def ruled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *rules]}
            await send(message)

        request = Request(scope, receive)
        refusal = self._refusal(request)
        app: ASGIApp = self.app if refusal is None else refusal
        await app(scope, receive, ruled)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        # A foreign name that leads to this machine is how other sites reach what is open here alone.
        if self.hosts is not None and host.rpartition(":")[0].strip("[]") not in self.hosts and host not in self.hosts:
            return error_answer(421, in_all_languages("web.error.host"))
        if request.method == "POST":
            origin = request.headers.get("origin")
            if origin is not None and origin.partition("://")[2] != host:
                return error_answer(403, in_all_languages("web.error.origin"))
            if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return error_answer(403, in_all_languages("web.error.origin"))
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                return error_answer(415, in_all_languages("web.error.json"))
        return None


def page(desk: Desk, *, hosts: frozenset[str] | None, workers: int | None = None) -> Starlette:
    """Return the page of a base as an ASGI application.

    Args:
        desk: the layout, and the scenario to compare with.
        hosts: the names that it answers to, without their port; any where None.
        workers: threads for replications; one for each core where left out.
    """
    bench, turns = Workbench.of(desk), Turns(workers or os.cpu_count() or 1, Compilation())

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        resting = asyncio.create_task(_rest(bench, turns))
        yield
        resting.cancel()
        turns.close()

    return Starlette(
        routes=Answers(desk, bench, turns, Shelf(), shared=hosts is None).routes(),
        middleware=[Middleware(_Guard, hosts=hosts)],
        exception_handlers={Exception: _fault, 404: _nothing, 405: _nothing},
        lifespan=lifespan,
    )


async def _rest(bench: Workbench, turns: Turns) -> None:
    """Let go of what only speeds looks up where nobody has looked for a while."""
    while True:
        await asyncio.sleep(REST / 4)
        if turns.idle > REST:
            bench.rest()
            give_back_memory()


async def _nothing(request: Request, error: Exception) -> Response:
    return error_answer(404, in_all_languages("web.error.nothing"))


async def _fault(request: Request, error: Exception) -> Response:
    _LOG.error("a fault of flowsim's own", exc_info=error)
    return error_answer(500, "fault")
