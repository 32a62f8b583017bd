"""The page on this machine: what is asked of it, within bounds, and nothing that it does not have to say.

It answers to this machine alone unless a host is named; nothing is loaded from another one. A request has to come from
the page itself: of this host, of this origin, as JSON, and no longer than `MOST_BYTES`. An answer may run nothing
inline, and what goes wrong here is written to the log, never to the page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from flowsim.core.errors import InputError, KeyedError
from flowsim.core.files import data_folder
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.web.asked import Choice, Desk
from flowsim.web.contents import page_contents
from flowsim.web.jobs import Busy, Turns, Work, give_back_memory
from flowsim.web.refusals import refusal
from flowsim.web.screens.shelf import FORMATS, Paper, Shelf
from flowsim.web.workbench import Workbench

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST_BYTES", "page"]

MOST_BYTES = 131_072
REST = 60.0
"""Seconds without a job after which memory is given back."""
_LOG = logging.getLogger("flowsim.web")
_MOST_UPLOAD = 2_097_152
"""The bytes of a request that brings a list of today's cases, or a logo, as base64."""
_FILES: Mapping[str, str] = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "start.js": "text/javascript",
    "workbench.js": "text/javascript",
    "way.js": "text/javascript",
    "words.js": "text/javascript",
    "screens/parts.js": "text/javascript",
    "screens/list.js": "text/javascript",
    "screens/staffing.js": "text/javascript",
    "screens/report.js": "text/javascript",
    "screens/trust.js": "text/javascript",
    "chart.umd.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "chart.LICENSE.md": "text/plain",
}
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
            return _error(421, "this page does not answer to that name")
        if request.method == "POST":
            origin = request.headers.get("origin")
            if origin is not None and origin.partition("://")[2] != host:
                return _error(403, "the request comes from another page")
            if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return _error(403, "the request comes from another page")
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                return _error(415, "JSON is expected")
        return None


def _error(status: int, message: str, key: str = "") -> JSONResponse:
    return JSONResponse({"error": {"message": message, "key": key}}, status_code=status)


async def _body(request: Request, most: int = MOST_BYTES) -> Mapping[str, Any]:
    """Read a JSON object of at most `most` bytes.

    Raises:
        InputError: for anything else.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise InputError(f"at most {most:,} bytes are read")
    try:
        raw = json.loads(bytes(content))
    except (ValueError, RecursionError):
        raise InputError("this is no JSON") from None
    if not isinstance(raw, dict):
        raise InputError("an object is expected")
    return raw


def _language(code: Any) -> Language:
    return Language.of(code if code in LANGUAGES else LANGUAGES[0])


def page(desk: Desk, *, hosts: frozenset[str] | None, workers: int | None = None) -> Starlette:
    """Return the page of a base as an ASGI application.

    Args:
        desk: the layout, and the scenario to compare with.
        hosts: the names that it answers to, without their port; any where None.
        workers: threads for replications; one for each core where left out.
    """
    bench, turns, shelf = Workbench.of(desk), Turns(workers or os.cpu_count() or 1), Shelf()

    def worded(error: InputError, raw: Mapping[str, Any]) -> str:
        return refusal(error, desk, _choice(raw), _language(raw.get("lang")))

    def refused(error: InputError, raw: Mapping[str, Any]) -> JSONResponse:
        return _error(422, worded(error, raw), error.key if isinstance(error, KeyedError) else "")

    async def index(request: Request) -> Response:
        return Response((data_folder("web") / "page.html").read_bytes(), media_type="text/html; charset=utf-8")

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _FILES:
            return _error(404, "there is no such file")
        return Response((data_folder("web") / name).read_bytes(), media_type=f"{_FILES[name]}; charset=utf-8")

    async def about(request: Request) -> Response:
        return JSONResponse(page_contents(desk, _language(request.query_params.get("lang"))))

    async def written(request: Request) -> Response:
        raw: Mapping[str, Any] = {}
        try:
            raw = await _body(request)
            return JSONResponse(bench.written(Choice.read(raw.get("state"))))
        except InputError as error:
            return refused(error, raw)

    async def grounding(request: Request) -> Response:
        from flowsim.web.screens.trust import grounds

        return JSONResponse(grounds(desk, _language(request.query_params.get("lang"))))

    async def listed(request: Request) -> Response:
        from flowsim.web.screens.lists import WrongCells, read_list

        try:
            raw = await _body(request, _MOST_UPLOAD)
        except InputError as error:
            return refused(error, {"lang": request.query_params.get("lang")})
        spoken = _language(raw.get("lang"))
        try:
            return JSONResponse(read_list(desk, raw, spoken))
        except WrongCells as error:
            lines = [spoken.message(line) for line in error.lines]
            return JSONResponse({"error": {"message": lines[0], "key": "", "lines": lines}}, status_code=422)
        except InputError as error:
            return _error(422, spoken.message(str(error)))

    async def history(request: Request) -> Response:
        from flowsim.web.screens.history import history_workbook

        raw: Mapping[str, Any] = {}
        try:
            raw = await _body(request)
            return JSONResponse(history_workbook(raw.get("history"), _language(raw.get("lang")), shelf))
        except InputError as error:
            return refused(error, raw)

    async def to_fill_in(request: Request) -> Response:
        from flowsim.web.screens.lists import template

        name, content = template(desk, _language(request.query_params.get("lang")))
        return _attached(Paper(name, FORMATS["xlsx"], content))

    async def paper(request: Request) -> Response:
        kept = shelf.get(request.path_params["token"])
        return _error(404, "there is no such file any more") if kept is None else _attached(kept)

    def asking(ask: Callable[[Choice, Any, Language], Work], most: int = MOST_BYTES) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            raw: Mapping[str, Any] = {}
            try:
                raw = await _body(request, most)
                work = ask(Choice.read(raw.get("state", {})), raw.get("form", {}), _language(raw.get("lang")))
            except InputError as error:
                return refused(error, raw)
            lines = _lines(turns, work, str(raw.get("tab", ""))[:40], False, partial(worded, raw=raw))
            return StreamingResponse(lines, media_type="application/x-ndjson")

        return answer

    def answering(ask: Callable[..., Work], *, urgent: bool) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            raw: Mapping[str, Any] = {}
            try:
                raw = await _body(request)
                state, language, year = Choice.read(raw.get("state")), _language(raw.get("lang")), raw.get("year")
                if not isinstance(year, int) or not 1000 <= year <= 9999:
                    raise InputError("year: a whole number is expected")
                bench.scenario(state)
            except InputError as error:
                return refused(error, raw)
            work = ask(state, year, language)
            lines = _lines(turns, work, str(raw.get("tab", ""))[:40], urgent, partial(worded, raw=raw))
            return StreamingResponse(lines, media_type="application/x-ndjson")

        return answer

    # What a screen needs, from matplotlib to statsmodels, is loaded when it is first asked: some 130 MB.
    def staffing(state: Choice, form: Any, language: Language) -> Work:
        from flowsim.web.screens.finder import staffing_work

        return staffing_work(desk, state, form, language)

    def report(state: Choice, form: Any, language: Language) -> Work:
        from flowsim.web.screens.papers import report_work

        return report_work(desk, state, form, language, shelf)

    def evidence(state: Choice, form: Any, language: Language) -> Work:
        from flowsim.web.screens.trust import evidence_work

        return evidence_work(desk, language)

    def outlook(state: Choice, form: Any, language: Language) -> Work:
        from flowsim.web.screens.trust import outlook_work

        return outlook_work(desk, state, language)

    def assumptions(state: Choice, form: Any, language: Language) -> Work:
        from flowsim.web.screens.trust import assumptions_work

        return assumptions_work(desk, form if isinstance(form, dict) else {}, language)

    screens = {
        "assumptions": asking(assumptions),
        "staffing": asking(staffing),
        "report": asking(report, _MOST_UPLOAD),  # a logo comes with it
        "evidence": asking(evidence),
        "outlook": asking(outlook),
    }

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        resting = asyncio.create_task(_rest(bench, turns))
        yield
        resting.cancel()
        turns.close()

    return Starlette(
        routes=[
            Route("/", index),
            Route("/static/{name:path}", file),
            Route("/api/page", about),
            Route("/api/scenario", written, methods=["POST"]),
            Route("/api/look", answering(bench.look, urgent=True), methods=["POST"]),
            Route("/api/run", answering(bench.run, urgent=False), methods=["POST"]),
            Route("/api/list", listed, methods=["POST"]),
            Route("/api/list/template", to_fill_in),
            Route("/api/history", history, methods=["POST"]),
            Route("/api/file/{token}", paper),
            Route("/api/grounds", grounding),
            *(Route(f"/api/{name}", answer, methods=["POST"]) for name, answer in screens.items()),
        ],
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


def _attached(paper: Paper) -> Response:
    """Give a file to be kept, never to be opened in the page's own name."""
    disposition = f"attachment; filename*=UTF-8''{quote(paper.name)}"
    return Response(paper.content, media_type=paper.media, headers={"content-disposition": disposition})


async def _nothing(request: Request, error: Exception) -> Response:
    return _error(404, "there is nothing here")


async def _fault(request: Request, error: Exception) -> Response:
    _LOG.error("a fault of flowsim's own", exc_info=error)
    return _error(500, "fault")


def _choice(raw: Mapping[str, Any]) -> Choice | None:
    with contextlib.suppress(InputError):
        return Choice.read(raw.get("state", {}))
    return None


async def _lines(
    turns: Turns, work: Work, tab: str, urgent: bool, worded: Callable[[InputError], str]
) -> AsyncIterator[bytes]:
    """Yield the news of a job as lines of JSON; when the tab is gone, the job ends."""
    try:
        async for news in turns.news(work, tab, urgent=urgent):
            yield json.dumps(news, ensure_ascii=False).encode() + b"\n"
    except Busy:
        yield b'{"error": {"message": "busy", "key": ""}}\n'
    except InputError as error:
        wrong = {"message": worded(error), "key": ""}
        yield json.dumps({"error": wrong}, ensure_ascii=False).encode() + b"\n"
    except Exception as error:
        _LOG.error("a fault of flowsim's own", exc_info=error)
        yield b'{"error": {"message": "fault", "key": ""}}\n'
