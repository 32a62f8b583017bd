"""What each address of the page answers: its files, its contents, and what a tab asks for.

A question comes as a JSON object of at most `MOST_BYTES`; one that is refused is told in the tab's own language. What
takes time answers in lines of JSON as they come, and ends when its tab is gone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from flowsim.core.errors import InputError, KeyedError, whole_number
from flowsim.core.files import data_folder
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.web.asked import Choice, Desk
from flowsim.web.contents import page_contents, where_controls_stand
from flowsim.web.jobs import Busy, Turns, Work
from flowsim.web.refusals import WrongCells, refusal
from flowsim.web.screens.shelf import FORMATS, Paper, Shelf
from flowsim.web.workbench import Workbench

__all__ = ["MOST_BYTES", "PAGE_FILES", "Answers", "error_answer", "in_all_languages"]

MOST_BYTES = 131_072
"""The bytes of a question."""
_MOST_UPLOAD = 2_097_152
"""The bytes of a request that brings a list of today's cases, or a logo, as base64."""
_LOG = logging.getLogger("flowsim.web")
PAGE_FILES: Mapping[str, str] = {
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
"""The files that a browser may load, and what they are."""


@dataclass(frozen=True)
class Answers:
    """What a page answers.

    Attributes:
        desk: the layout, and the scenario to compare with.
        bench: runs what a tab has set.
        turns: lets jobs run in turn.
        shelf: the files that were made, until they are fetched.
        shared: whether other machines can open the page.
    """

    desk: Desk
    bench: Workbench
    turns: Turns
    shelf: Shelf
    shared: bool

    def routes(self) -> list[Route]:
        """Return each address with what it answers."""
        bench = self.bench
        got = {
            "/": self._index,
            "/static/{name:path}": self._file,
            "/api/page": self._contents,
            "/api/grounds": self._grounds,
            "/api/list/template": self._template,
            "/api/file/{token}": self._paper,
        }
        posted = {
            "scenario": self._told(lambda raw, language: bench.written(Choice.read(raw.get("state")))),
            "controls": self._told(self._controls),
            "list": self._told(self._list, _MOST_UPLOAD),
            "history": self._told(self._history),
            "look": self._worked(partial(self._futures, bench.look), urgent=True),
            "run": self._worked(partial(self._futures, bench.run)),
            "staffing": self._worked(self._staffing),
            "report": self._worked(self._report, _MOST_UPLOAD),  # a logo comes with it
            "evidence": self._worked(self._evidence),
            "outlook": self._worked(self._outlook),
            "assumptions": self._worked(self._assumptions),
        }
        return [
            *(Route(address, answer) for address, answer in got.items()),
            *(Route(f"/api/{name}", answer, methods=["POST"]) for name, answer in posted.items()),
        ]

    async def _index(self, request: Request) -> Response:
        return Response((data_folder("web") / "page.html").read_bytes(), media_type="text/html; charset=utf-8")

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in PAGE_FILES:
            return error_answer(404, in_all_languages("web.error.nothing"))
        return Response((data_folder("web") / name).read_bytes(), media_type=f"{PAGE_FILES[name]}; charset=utf-8")

    async def _contents(self, request: Request) -> Response:
        language = _language(request.query_params.get("lang"))
        return JSONResponse(await run_in_threadpool(page_contents, self.desk, language, shared=self.shared))

    async def _paper(self, request: Request) -> Response:
        kept = self.shelf.get(request.path_params["token"])
        return error_answer(404, in_all_languages("web.report.gone")) if kept is None else _attached(kept)

    # What a screen needs, from matplotlib to statsmodels, is loaded when it is first asked: some 130 MB.
    async def _grounds(self, request: Request) -> Response:
        from flowsim.web.screens.trust import grounds

        return JSONResponse(await run_in_threadpool(grounds, self.desk, _language(request.query_params.get("lang"))))

    async def _template(self, request: Request) -> Response:
        from flowsim.web.screens.lists import template

        name, content = await run_in_threadpool(template, self.desk, _language(request.query_params.get("lang")))
        return _attached(Paper(name, FORMATS["xlsx"], content))

    def _controls(self, raw: Mapping[str, Any], language: Language) -> Any:
        # Where a scenario begins, not what is changed beside it; nor does a list change any lever.
        begins = _state(raw).model_copy(update={"changes": (), "cases": ""})
        return where_controls_stand(self.desk, self.bench.scenario(begins), language)

    def _list(self, raw: Mapping[str, Any], language: Language) -> Any:
        from flowsim.web.screens.lists import read_list

        try:
            return read_list(self.desk, raw, language)
        except WrongCells:
            raise
        except InputError as error:  # of her own file, in whose words it stays
            raise WrongCells([str(error)]) from None

    def _history(self, raw: Mapping[str, Any], language: Language) -> Any:
        from flowsim.web.screens.history import history_workbook

        return history_workbook(raw.get("history"), language, self.shelf)

    def _futures(
        self, ask: Callable[[Choice, int, Language], Work], raw: Mapping[str, Any], language: Language
    ) -> Work:
        state, year = Choice.read(raw.get("state")), whole_number("year", raw.get("year"), 1, 9999)
        self.bench.scenario(state)
        return ask(state, year, language)

    def _staffing(self, raw: Mapping[str, Any], language: Language) -> Work:
        from flowsim.web.screens.finder import staffing_work

        return staffing_work(self.desk, _state(raw), raw.get("form", {}), language)

    def _report(self, raw: Mapping[str, Any], language: Language) -> Work:
        from flowsim.web.screens.papers import report_work

        return report_work(self.desk, _state(raw), raw.get("form", {}), language, self.shelf)

    def _evidence(self, raw: Mapping[str, Any], language: Language) -> Work:
        from flowsim.web.screens.trust import evidence_work

        return evidence_work(self.desk, language)

    def _outlook(self, raw: Mapping[str, Any], language: Language) -> Work:
        from flowsim.web.screens.trust import outlook_work

        return outlook_work(self.desk, _state(raw), language)

    def _assumptions(self, raw: Mapping[str, Any], language: Language) -> Work:
        from flowsim.web.screens.trust import assumptions_work

        form = raw.get("form", {})
        return assumptions_work(self.desk, form if isinstance(form, dict) else {}, language)

    def _told(
        self, tell: Callable[[Mapping[str, Any], Language], Any], most: int = MOST_BYTES
    ) -> Callable[[Request], Any]:
        """Answer at once with what is told of a question."""

        async def answer(request: Request) -> Response:
            raw: Mapping[str, Any] = _unread(request)
            try:
                raw = await _body(request, most)
                # In a thread, for some take as long as a replication, and looks are asked for meanwhile.
                return JSONResponse(await run_in_threadpool(tell, raw, _language(raw.get("lang"))))
            except InputError as error:
                return self._refused(error, raw)

        return answer

    def _worked(
        self, ask: Callable[[Mapping[str, Any], Language], Work], most: int = MOST_BYTES, *, urgent: bool = False
    ) -> Callable[[Request], Any]:
        """Answer in lines, as the work that is asked for has news."""

        async def answer(request: Request) -> Response:
            raw: Mapping[str, Any] = _unread(request)
            try:
                raw = await _body(request, most)
                work = await run_in_threadpool(ask, raw, _language(raw.get("lang")))
            except InputError as error:
                return self._refused(error, raw)
            return StreamingResponse(self._lines(work, raw, urgent), media_type="application/x-ndjson")

        return answer

    async def _lines(self, work: Work, raw: Mapping[str, Any], urgent: bool) -> AsyncIterator[bytes]:
        """Yield the news of a job as lines of JSON; when the tab is gone, the job ends."""
        try:
            async for news in self.turns.news(work, str(raw.get("tab", ""))[:40], urgent=urgent):
                yield _line(news)
        except Busy:
            yield _line(_error("busy"))
        except InputError as error:
            yield _line(_error(self._worded(error, raw)))
        except Exception as error:
            _LOG.error("a fault of flowsim's own", exc_info=error)
            yield _line(_error("fault"))

    def _refused(self, error: InputError, raw: Mapping[str, Any]) -> JSONResponse:
        if isinstance(error, WrongCells):
            lines = [_language(raw.get("lang")).message(line) for line in error.lines]
            return JSONResponse(_error(lines[0], lines=lines), status_code=422)
        key = error.key if isinstance(error, KeyedError) else ""
        return JSONResponse(_error(self._worded(error, raw), key=key), status_code=422)

    def _worded(self, error: InputError, raw: Mapping[str, Any]) -> str:
        state = None
        with suppress(InputError):
            state = _state(raw)
        return refusal(error, self.desk, state, _language(raw.get("lang")))


def in_all_languages(key: str) -> str:
    """Say something to whom the page knows no language of."""
    return " / ".join(Language.of(code).say(key) for code in LANGUAGES)


def error_answer(status: int, message: str) -> JSONResponse:
    """Return an answer that only says what is wrong."""
    return JSONResponse(_error(message), status_code=status)


def _error(message: str, key: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "key": key, **more}}


def _line(news: Any) -> bytes:
    return json.dumps(news, ensure_ascii=False).encode() + b"\n"


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


def _unread(request: Request) -> Mapping[str, Any]:
    """Return what is known of a question that could not be read."""
    return {"lang": request.query_params.get("lang")}


def _language(code: Any) -> Language:
    return Language.of(code if code in LANGUAGES else LANGUAGES[0])


def _state(raw: Mapping[str, Any]) -> Choice:
    return Choice.read(raw.get("state", {}))


def _attached(paper: Paper) -> Response:
    """Give a file to be kept, never to be opened in the page's own name."""
    disposition = f"attachment; filename*=UTF-8''{quote(paper.name)}"
    return Response(paper.content, media_type=paper.media, headers={"content-disposition": disposition})
