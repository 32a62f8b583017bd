"""The page in a real browser: what a planner does, without help, in both languages, on a desk and on a phone.

With SCREENSHOTS=folder the pictures of the documentation are written there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowsim.model.scenario import Scenario

pytestmark = [pytest.mark.slow, pytest.mark.browser]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LONG = 120_000


def missing(what: str) -> None:
    if os.environ.get("BROWSER_REQUIRED"):
        pytest.fail(f"{what} is not installed: make test-browser installs what pip has, the system has chromium")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    try:
        from axe_playwright_python import sync_playwright as axe  # noqa: F401
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        missing(str(error.name))
    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if place is None:
        missing("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(base: str) -> Iterator[str]:
    words = [sys.executable, "-m", "flowsim", "web", "--base", base, "--port", "0", "--no-browser"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[4]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def small(town: Path) -> Iterator[str]:
    with served(str(town)) as address:
        yield address


@pytest.fixture(scope="module")
def pair(pair_of_stations: Path) -> Iterator[str]:
    with served(str(pair_of_stations)) as address:
        yield address


@pytest.fixture(scope="module")
def city() -> Iterator[str]:
    with served("copenhagen") as address:
        yield address


@contextmanager
def tab(chromium: Any, address: str, language: str = "en", width: int = 1280, scheme: str = "light") -> Iterator[Any]:
    """Open a tab; afterwards nothing may have been asked of another host, and no script may have failed."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        locale={"da": "da-DK", "en": "en-GB"}[language],
        color_scheme=scheme,
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    hosts, failures = set(), []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("dialog", lambda dialog: failures.append(dialog.message))
    page.goto(f"{address}/")
    page.locator("h1").wait_for()
    yield page
    assert hosts == {address.split("/")[2]}
    assert failures == []
    context.close()


def settled(page: Any) -> None:
    """Wait until a run is done."""
    page.locator("[role=status]:not(:empty)").wait_for(state="attached", timeout=LONG)
    page.locator("progress").wait_for(state="detached", timeout=LONG)
    page.locator(".tile.look, .tile.stale").first.wait_for(state="detached", timeout=LONG)


def violations(page: Any) -> list[tuple[str, str]]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [(one["id"], node["html"]) for one in found for node in one["nodes"]]


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        long = name.startswith("trust")  # its tables go on for pages
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=not long)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["da", "en"])
def test_anybody_can_use_it(chromium: Any, small: str, language: str, width: int, scheme: str) -> None:
    with tab(chromium, small, language, width, scheme) as page:
        page.locator("tbody tr").first.wait_for()
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == []
        page.get_by_role(
            "link", name={"da": "Se situationen i dag", "en": "See how things stand today"}[language]
        ).click()
        page.get_by_role("slider").first.wait_for()
        page.get_by_role("slider").first.press("ArrowRight")
        settled(page)
        page.get_by_text(re.compile("The same figures again|Samme tal igen")).click()
        assert violations(page) == []
        page.get_by_role("tab").nth(1).click()
        page.locator("canvas").wait_for()
        for summary in page.locator("[role=tabpanel] summary").all():
            summary.click()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_come_while_a_slider_is_dragged(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        slider = page.get_by_role("slider").first
        box = slider.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=8)
        look = page.locator(".tile.look").first
        look.wait_for()
        assert "provisional estimate" in look.inner_text()
        assert "today: " in look.inner_text()  # beside what it is without the change
        page.mouse.up()
        settled(page)
        assert "100 futures" in page.locator(".tile").first.inner_text()


def test_who_computes_again_and_goes_back_has_figures_of_what_she_chose(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        page.get_by_text("The same figures again").click()
        slider, held = page.get_by_role("slider").first, list[Any]()
        page.route("**/api/look", lambda route: held.append(route))
        slider.press("ArrowRight")
        slider.press("ArrowRight")  # the look at the first is under way
        again = page.get_by_role("button", name="Compute again")
        again.evaluate(
            "(button, slider) => { button.click(); slider.stepDown(); slider.dispatchEvent(new Event('input')); }",
            slider.element_handle(),
        )
        page.wait_for_timeout(4000)  # in which the run of the second would be done
        assert page.locator(".tile:not(.stale)").count() == 0
        page.unroute("**/api/look")  # and those that were held go on
        slider.dispatch_event("change")
        settled(page)
        scenario = page.get_by_label(re.compile(r"\.toml$"))
        scenario.wait_for()
        assert "places = 5" in scenario.inner_text()
        value = page.locator(".tile .value").first.inner_text()
        page.reload()
        settled(page)
        assert page.locator(".tile .value").first.inner_text() == value


def test_a_slider_that_is_let_go_is_not_looked_at_again(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        looks: list[str] = []
        page.on("request", lambda request: looks.append(request.post_data) if "/api/look" in request.url else None)
        held: list[Any] = []
        page.route("**/api/look", lambda route: held.append(route))
        page.get_by_role("slider").first.press("ArrowRight")  # moved, and let go
        page.wait_for_timeout(300)
        held.pop().continue_()
        settled(page)
        assert len(looks) == 1
        assert page.locator(".tile").first.get_attribute("data-replications") == "100"


def test_by_keyboard_alone(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "content"
        page.get_by_role("link", name="See how things stand today").focus()
        page.keyboard.press("Enter")
        settled(page)
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        settled(page)
        page.get_by_role("tab").first.focus()
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", name="Over time").get_attribute("aria-selected") == "true"
        assert page.locator("canvas").is_visible()


# What Tab reaches, and whether it can be seen where the focus is: on itself, or on the button that stands for a file.
FOCUSABLE = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((one) => !one.disabled && one.tabIndex >= 0 && one.getClientRects().length)
  .map((one, place) => { one.dataset.place = place; return place; })"""
FOCUSED = """() => {
  const one = document.activeElement, seen = getComputedStyle(one);
  const outlined = seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 2;
  return [one.dataset.place ?? null, outlined, one.outerHTML.slice(0, 90)];
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_tab_reaches_every_control_of_the_workbench_and_shows_where_it_is(
    chromium: Any, small: str, width: int
) -> None:
    with tab(chromium, small, "en", width) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        page.get_by_role("button", name="Add a row").click()
        settled(page)
        page.get_by_text("The same figures again").click()
        page.get_by_role("link", name="Download the scenario (TOML)").wait_for()
        page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        places, reached = set(page.evaluate(FOCUSABLE)), set()
        for _ in range(3 * len(places)):
            page.keyboard.press("Tab")
            place, seen, what = page.evaluate(FOCUSED)
            if place is None or int(place) in reached:
                continue  # the parts of a date are stops of their own
            assert seen, what
            reached.add(int(place))
        missed = "place => document.querySelector(`[data-place='${place}']`).outerHTML"
        assert not [page.evaluate(missed, place) for place in sorted(places - reached)]


def test_the_focus_stays_where_a_row_is_added_and_removed(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        page.get_by_role("button", name="Add a row").focus()
        page.keyboard.press("Enter")
        assert page.locator(":focus").evaluate("one => one.closest('label').innerText.trim().split('\\n')[0]") == "What"
        page.keyboard.press("ArrowDown")
        assert page.locator(":focus").get_attribute("id") == "what-1"
        page.get_by_role("button", name="Remove row 1").focus()
        page.keyboard.press("Enter")
        assert page.locator(":focus").inner_text() == "Add a row"
        page.get_by_role("button", name="Reset everything").focus()
        page.keyboard.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "origin"
        settled(page)


def test_the_way_back_a_reload_and_a_second_tab_keep_the_choices(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        slider = page.get_by_role("slider").first
        slider.press("ArrowRight")
        settled(page)
        chosen, address = slider.input_value(), page.url
        page.get_by_role("link", name="Report", exact=True).click()
        page.get_by_text("Of: My scenario").wait_for()
        page.go_back()
        page.get_by_role("heading", name="Workbench").wait_for()
        assert (slider.input_value(), page.url) == (chosen, address)
        page.go_forward()
        page.get_by_role("heading", name="Get a report").wait_for()
        page.get_by_role("link", name="Workbench").click()
        page.get_by_role("heading", name="Workbench").wait_for()
        settled(page)
        page.reload()
        settled(page)
        assert slider.input_value() == chosen
        with tab(chromium, small) as second:
            second.goto(address)
            settled(second)
            other = second.get_by_role("slider").first
            assert other.input_value() == chosen
            assert second.locator(".tile .value").first.inner_text() == page.locator(".tile .value").first.inner_text()
            other.press("ArrowRight")
            settled(second)
            assert other.input_value() != chosen
        assert (slider.input_value(), page.url) == (chosen, address)


def test_who_leaves_while_a_slider_still_moves_is_not_called_back(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        page.evaluate(
            """() => {
                const slider = document.querySelector("input[type=range]");
                location.hash = document.querySelector("nav a[href*='/report']").getAttribute("href");
                slider.dispatchEvent(new Event("input", { bubbles: true }));  // before the page knows of it
            }"""
        )
        page.get_by_role("heading", name="Get a report").wait_for()
        assert "/report" in page.url


def test_what_is_typed_is_read_or_asked_about(chromium: Any, small: str) -> None:
    with tab(chromium, small, "da") as page:
        page.get_by_role("link", name="Arbejdsbord").click()
        field = page.get_by_role("textbox", name=re.compile("Pladser pr. møde"))
        for text, answer in (
            ("1.200", "Mener du 1200?"),
            ("mange", "Skriv et tal"),
            ("-3", "Nærmeste værdi er 0"),
            ("+2", "Skriv et tal"),  # two more, in a scenario's file: not two
            ("25 %", "Skriv et tal"),
        ):
            field.fill(text)
            field.blur()
            assert answer in page.locator("[role=group]").first.inner_text()
            assert field.get_attribute("aria-invalid") == "true"
        field.fill("0,145")
        field.blur()
        assert field.get_attribute("aria-invalid") is None
        field.fill("4,5")
        field.blur()
        settled(page)
        assert field.get_attribute("aria-invalid") is None
        assert "4 → 4,5 (+0,5)" in page.locator("[role=group]").first.inner_text()


def test_the_address_holds_all_choices(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        page.get_by_role("slider").first.press("ArrowRight")
        page.get_by_role("button", name="Add a row").click()
        page.get_by_label("To and with").fill("2022-07-31")
        page.get_by_label("To and with").blur()
        settled(page)
        value, address = page.locator(".tile .value").first.inner_text(), page.url
        page.goto("about:blank")
        page.goto(address)
        settled(page)
        assert page.get_by_label("To and with").input_value() == "2022-07-31"
        assert page.locator(".tile .value").first.inner_text() == value


def test_a_scenario_goes_down_and_comes_up_again(chromium: Any, small: str, tmp_path: Path) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        page.get_by_role("slider").first.press("ArrowRight")
        settled(page)
        value = page.locator(".tile .value").first.inner_text()
        page.get_by_text(re.compile("The same figures again|Samme tal igen")).click()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Download the scenario (TOML)").click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert path.name == "my-scenario.toml"
        assert Scenario.read(path).to_dict()["stations"][0]["places"] == 5
        page.get_by_role("link", name="Start").click()
        page.get_by_label(re.compile("Scenario file")).set_input_files(path)
        settled(page)
        assert page.locator(".tile .value").first.inner_text() == value


def test_what_makes_the_figures_again_stays_open_and_is_never_of_another_choice(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        page.get_by_text("The same figures again").click()
        scenario = page.get_by_label(re.compile(r"\.toml$"))
        scenario.wait_for()
        assert "places" not in scenario.inner_text()
        page.route("**/api/look", lambda route: route.abort())  # the figures of the new choice do not come
        page.get_by_role("slider").first.press("ArrowRight")
        scenario.wait_for(state="detached")
        later = page.get_by_text("It stands here as soon as the run is done.")
        later.wait_for()
        page.unroute("**/api/look")
        page.get_by_role("button", name="Compute again").click()
        settled(page)
        scenario.wait_for()
        assert later.count() == 0
        assert page.locator(".wrong:not(:empty)").count() == 0  # what was said of the look that failed
        assert "places = 5" in scenario.inner_text()
        held: list[Any] = []
        page.route(
            "**/api/scenario", lambda route: held.append(route)
        )  # an answer that comes after its choice has changed is not shown
        page.get_by_label("Name of the scenario").fill("first")
        page.get_by_label("Name of the scenario").blur()
        page.get_by_label("Name of the scenario").fill("second")
        page.get_by_label("Name of the scenario").blur()
        page.wait_for_timeout(500)
        assert len(held) == 2
        for route in reversed(held):
            route.continue_()
            page.wait_for_timeout(200)
        page.get_by_label("second.toml").wait_for()
        assert page.get_by_label("first.toml").count() == 0
        page.route("**/api/look", lambda route: route.abort())
        page.get_by_label("Name of the scenario").fill("third")
        page.get_by_role("slider").first.press("ArrowRight")
        page.wait_for_timeout(500)
        held[-1].continue_()
        page.wait_for_timeout(500)
        assert scenario.count() == 0


def test_a_run_that_was_done_before_takes_its_own_place_and_is_spoken_of(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        slider, runs = page.get_by_role("slider").first, page.get_by_role("region", name=re.compile("Runs"))
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
            slider.press(key)
            settled(page)
        assert runs.locator("tbody tr").count() == 2
        assert (
            "100" in page.get_by_role("status").inner_text()
        )  # for a screen reader, which hears nothing that is not drawn
        page.get_by_label("Language").select_option("da")
        page.locator("html[lang=da] select:focus").wait_for()  # who works by keyboard goes on there
        settled(page)
        danish = page.get_by_role("region", name=re.compile("Kørsler|kørsler"))
        danish.locator("tbody a").first.wait_for()
        assert all("lang=da" in link.get_attribute("href") for link in danish.locator("tbody a").all())


def test_a_slider_that_is_dragged_does_not_write_the_address(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        before = page.url
        slider = page.get_by_role("slider").first
        slider.evaluate("one => { one.stepUp(); one.dispatchEvent(new Event('input')); }")
        page.wait_for_timeout(300)
        assert page.url == before
        slider.dispatch_event("change")
        settled(page)
        assert page.url != before


def test_who_chooses_a_language_and_goes_on_is_where_she_went(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("heading", name="Where do citizens wait?").wait_for()
        held: list[Any] = []
        page.route("**/api/page*", lambda route: held.append(route))
        page.get_by_label("Language").select_option("da")
        page.wait_for_timeout(200)
        page.evaluate("location.hash = '#/trust?lang=en'")
        page.wait_for_timeout(300)
        with page.expect_response("**/api/page*"):
            held[0].continue_()
        page.wait_for_timeout(500)
        assert page.url.endswith("#/trust?lang=en")
        assert page.get_by_role("heading", level=1).inner_text() == page.title().removesuffix(" – flowsim")
        assert page.locator("html").get_attribute("lang") == "en"


def test_a_user_s_text_is_text(chromium: Any, small: str) -> None:
    name = "<img src=x onerror=alert(1)>"
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        page.get_by_label("Name of the scenario").fill(name)
        page.get_by_label("Name of the scenario").blur()
        page.get_by_role("slider").first.press("ArrowRight")
        settled(page)
        assert page.get_by_role("rowheader", name=name).is_visible()
        assert page.locator("img").count() == 0


def test_a_run_can_be_cancelled_and_taken_up_again(chromium: Any, city: str) -> None:
    with tab(chromium, city) as page:
        page.get_by_role("link", name="Workbench").click()
        page.get_by_role("button", name="Cancel").press("Enter", timeout=LONG)
        assert "Cancelled" in page.locator(".bar").nth(1).inner_text()
        focused = page.locator(":focus")
        assert focused.inner_text() == "Compute again"
        focused.press("Enter")
        page.get_by_role("button", name="Cancel").wait_for()
        assert focused.inner_text() == "Cancel"
        page.get_by_label("Start from").select_option("more-places")
        assert "sets its own value from then on" in page.locator(".control").first.inner_text()
        page.get_by_role("button", name="Reset everything").click()
        assert page.get_by_label("Name of the scenario").input_value() == "My scenario"


def test_a_second_tab_gets_its_first_figures_while_another_runs(chromium: Any, city: str) -> None:
    with tab(chromium, city) as first, tab(chromium, city) as second:
        first.get_by_role("link", name="Workbench").click()
        first.get_by_role("button", name="Cancel").wait_for(timeout=LONG)
        since = time.monotonic()
        second.get_by_role("link", name="Workbench").click()
        second.get_by_role("slider").nth(2).press("ArrowRight")
        second.locator(".tile.look").first.wait_for(timeout=LONG)
        assert first.locator("progress").count() == 1, f"{time.monotonic() - since:.0f} s"


# --- What a planner does without help; each is to take so long at most, of which the machine has what it needs ---


@contextmanager
def journey(page: Any, name: str, most: float) -> Iterator[None]:
    """Write down how long a journey took where JOURNEYS names a file, and whether nobody is shut out at its end."""
    since = time.monotonic()
    yield
    took = time.monotonic() - since
    assert took < most, f"{name}: {took:.0f} s"
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    if file := os.environ.get("JOURNEYS"):
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(f"{name} {page.viewport_size['width']} {took:.0f}\n")


everywhere = pytest.mark.parametrize(("language", "width"), [("da", 1280), ("da", 390), ("en", 1280), ("en", 390)])


@everywhere
def test_where_the_longest_queue_is(chromium: Any, city: str, language: str, width: int) -> None:
    with tab(chromium, city, language, width) as page, journey(page, f"queue-{language}", 60):
        page.locator("tbody tr").first.wait_for(timeout=LONG)
        row = page.locator("tr", has_text={"da": "længste kø", "en": "longest queue"}[language])
        assert "team" in row.inner_text()
        page.get_by_text({"da": "20 simulerede fremtider", "en": "20 simulated futures"}[language]).wait_for(
            timeout=LONG
        )
        if width == 1280:
            picture(page, f"start-{language}")


def filled_in(blank: Path) -> Path:
    """Fill a list in with thirty cases that wait for the team, as a planner does."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(blank)
    sheet = book[{"dagens-liste": "Liste", "todays-list": "List"}[blank.stem]]
    waiting = {"Liste": "venter", "List": "waiting"}[sheet.title]
    for number in range(30):
        for column, text in enumerate(
            ("rehabilitation_team", "", waiting, "", f"{1 + number % 28}-{1 + number % 2}-2021"), 1
        ):
            sheet.cell(sheet.max_row + (column == 1), column, text)
    path = blank.with_name(f"filled-{blank.name}")
    book.save(path)
    return path


@everywhere
def test_thirty_rows_of_excel_are_loaded(chromium: Any, city: str, language: str, width: int, tmp_path: Path) -> None:
    words = {
        "da": (
            "Hent en liste til udfyldning (Excel)",
            "30 rækker er læst",
            "Brug den i arbejdsbordet",
            "din liste fra",
        ),
        "en": ("Get a list to fill in (Excel)", "30 rows were read", "Use it on the workbench", "your list of"),
    }[language]
    with tab(chromium, city, language, width) as page, journey(page, f"list-{language}", 180):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=words[0]).click()
        blank = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(blank)
        page.locator("#list-day").fill("2021-03-01")
        page.locator("#list").set_input_files(filled_in(blank))
        page.get_by_text(words[1]).wait_for()
        if width == 1280:
            picture(page, f"list-{language}")
        page.get_by_role("link", name=words[2]).click()
        settled(page)
        assert words[3] in page.locator("form, section").first.inner_text()


def test_a_wrong_cell_is_named(chromium: Any, city: str, tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("sted;situation;siden\nrehabilitation_team;venter;1-13-2021\n", encoding="utf-8")
    with tab(chromium, city, "da") as page:
        page.locator("#list").set_input_files(path)
        alert = page.get_by_role("alert").filter(has_text="Listen kan ikke læses")
        alert.wait_for()
        assert "liste.csv: C2: '1-13-2021'" in alert.inner_text()
        assert violations(page) == []


@everywhere
def test_a_report_in_two_clicks(chromium: Any, city: str, language: str, width: int, tmp_path: Path) -> None:
    nav, make = {"da": ("Rapport", "Lav rapporten"), "en": ("Report", "Make the report")}[language]
    with tab(chromium, city, language, width) as page, journey(page, f"report-{language}", 600):
        page.get_by_role("link", name=nav, exact=True).click()
        page.get_by_role("button", name=make).click()
        link = page.get_by_role("link", name=re.compile("PDF"))
        link.wait_for(timeout=2 * LONG)
        with page.expect_download() as waiting:
            link.click()
        path = tmp_path / "report.pdf"
        waiting.value.save_as(path)
        assert path.read_bytes().startswith(b"%PDF")
        page.locator("figure img").wait_for()
        if width == 1280:
            picture(page, f"report-{language}")


@pytest.mark.parametrize("language", ["da", "en"])
def test_anybody_can_read_a_report_which_asks_nobody(chromium: Any, town: Path, language: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    words = ["report", str(town), "-n", "4", "--appendix", "--language", language, "--out", str(file)]
    subprocess.run([sys.executable, "-m", "flowsim", *words], check=True, capture_output=True)
    for width in (1280, 390):
        context = chromium.new_context(viewport={"width": width, "height": 900})
        page, asked = context.new_page(), list[str]()
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(file.as_uri())
        page.locator("h1").wait_for()
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == []
        assert [url for url in asked if url != file.as_uri() and not url.startswith("data:")] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_staffing_is_found_and_taken_to_the_workbench(chromium: Any, small: str, language: str) -> None:
    nav, find, use = {
        "da": ("Find bemanding", "Find", re.compile("Brug .* i arbejdsbordet")),
        "en": ("Find staffing", "Find", re.compile("Use .* on the workbench")),
    }[language]
    with tab(chromium, small, language) as page:
        page.get_by_role("link", name=nav).click()
        page.get_by_role("button", name=find, exact=True).click()
        page.locator(".answer").wait_for(timeout=LONG)
        assert violations(page) == []
        picture(page, f"staffing-{language}")
        level = page.locator(".answer").inner_text().split()[0]
        page.get_by_role("link", name=use).click()
        settled(page)
        assert page.get_by_role("slider").first.input_value() == level


def test_a_click_on_the_staffing_map_sets_both_sliders(chromium: Any, pair: str) -> None:
    with tab(chromium, pair) as page:
        page.get_by_role("link", name="Find staffing").click()
        page.locator("#bound").fill("71")
        page.locator("#also").select_option(index=0)
        assert page.locator("#bound").input_value() == "71"
        page.reload()
        assert page.locator("#least2").is_disabled()
        page.get_by_label("together with").select_option(index=2)
        bounds = [page.locator(f"#{name}").input_value() for name in ("least", "most")]
        page.locator("#most2").fill("7")
        assert [page.locator(f"#{name}").input_value() for name in ("least", "most")] == bounds
        page.get_by_role("button", name="Find", exact=True).click()
        cell = page.locator(".map a.meets").first
        cell.wait_for(timeout=LONG)
        assert "as things stand today" in page.locator(".map td.now a").first.get_attribute("aria-label")
        assert page.locator(".map td.least a.meets").count() >= 1
        page.get_by_text("The same figures again").click()
        command = page.locator("pre").first.inner_text()
        assert "flowsim staff" in command
        assert re.search(r"--between \d+ 7\b", command)
        assert violations(page) == []
        pair_of = re.findall(r"\d+", cell.get_attribute("aria-label").partition(":")[0])
        cell.click()
        settled(page)
        assert [page.get_by_role("slider").nth(place).input_value() for place in (0, 1)] == pair_of


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_staffing_map_of_copenhagen_has_today_the_cheapest_and_what_each_pair_costs(
    chromium: Any, city: str, language: str
) -> None:
    nav, today, cheapest, unit = {
        "da": ("Find bemanding", "som i dag", "den billigste, der når målene", "mio. kr."),
        "en": ("Find staffing", "as things stand today", "the cheapest that meets the goals", "million DKK"),
    }[language]
    with tab(chromium, city, language) as page:
        page.get_by_role("link", name=nav).click()
        page.locator("#lever2").select_option("plan_kontanthjaelp.bif.staff")
        page.locator("#goal").select_option("wait.rehabilitation_team.served")
        page.locator("#bound").fill("8")
        page.locator("#also").select_option("")
        page.locator("#chance").select_option("")
        page.get_by_role("button", name="Find", exact=True).click()
        page.locator(".map a").first.wait_for(timeout=10 * LONG)
        (now,) = page.locator(".map td.now a", has_text="●").all()
        assert today in now.get_attribute("aria-label")
        (best,) = page.locator(".map td.least a.meets", has_text="★").all()
        assert cheapest in best.get_attribute("aria-label")
        costs = {
            one.get_attribute("aria-label"): float(one.locator("small").inner_text().replace(",", "."))
            for one in page.locator(".map a").all()
        }
        assert all(f" {unit}" in label.replace("\xa0", " ") for label in costs)
        meeting = [one.get_attribute("aria-label") for one in page.locator(".map a.meets").all()]
        assert costs[best.get_attribute("aria-label")] == min(costs[label] for label in meeting)
        assert violations(page) == []
        picture(page, f"map-{language}")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["da", "en"])
def test_an_assumption_becomes_a_line_of_the_scenario(chromium: Any, city: str, language: str, width: int) -> None:
    with tab(chromium, city, language, width) as page:
        page.get_by_role("link", name={"da": "Kan jeg stole på det?", "en": "Can I trust it?"}[language]).click()
        title = {"da": "Borgere i afklaring ved start", "en": "Citizens in clarification at the start"}[language]
        field = page.get_by_role("textbox", name=title)
        field.wait_for(timeout=LONG)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:
            picture(page, f"trust-{language}")
        field.fill("150")
        field.blur()
        page.get_by_role("link", name=re.compile("^(Brug|Use) 1 ")).first.click()  # below each of the two tables
        page.get_by_text(f"{title}: 150").first.wait_for()


def test_documents_and_forecast_stand_beside_the_simulation(chromium: Any, city: str) -> None:
    with tab(chromium, city, "da") as page:
        page.get_by_role("link", name="Kan jeg stole på det?").click()
        page.get_by_role("button", name="Sammenhold modellen med dokumenterne").click()
        page.locator(".dots li").first.wait_for(timeout=2 * LONG)
        assert page.locator(".dots li").count() > 50
        page.get_by_role("button", name="Stil de to over for hinanden").click()
        page.get_by_role("columnheader", name="Prognose").first.wait_for(timeout=2 * LONG)
        assert violations(page) == []


def test_runs_are_pinned_and_taken_along_as_excel(chromium: Any, small: str, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        for name in ("one", "two"):
            page.get_by_label("Name of the scenario").fill(name)
            page.get_by_role("slider").first.press("ArrowRight")
            settled(page)
            page.get_by_role("rowheader", name=name).wait_for(timeout=LONG)
        page.get_by_role("button", name="Keep one above").press("Enter")
        assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
        first = page.get_by_role("region", name=re.compile("Runs")).locator("tbody tr").first
        assert "Reference" in first.inner_text()
        assert "from one" in page.get_by_role("region", name=re.compile("Runs")).inner_text()
        assert violations(page) == []
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download all as Excel").click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
        assert [row[0] for row in rows[1:]] == ["one", "two"]
        assert any("Wait for the team" in str(cell) for cell in rows[0])


def test_an_idle_page_takes_less_than_400_megabytes(chromium: Any) -> None:
    """Two minutes after a look and a run at the latest; where the system tells what a process holds."""
    words = [sys.executable, "-m", "flowsim", "web", "--port", "0", "--no-browser"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    status = Path(f"/proc/{process.pid}/status")

    def held() -> float:
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    try:
        address = process.stdout.readline().split()[4]
        if not status.exists():
            pytest.skip("this system has no /proc")
        with tab(chromium, address) as page:
            page.get_by_role("link", name="Workbench").click()
            settled(page)
            page.get_by_role("slider").first.press("ArrowRight")
            page.get_by_text("≈").first.wait_for(timeout=LONG)
            page.locator('.tile[data-replications="100"]:not(.stale)').first.wait_for(timeout=LONG)
            least = min(400, held() - 100)  # what it lets go of was there
            until = time.monotonic() + 120
            while held() >= least and time.monotonic() < until:
                time.sleep(1)
            assert held() < least
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The simulation engine is made ready, once after installing: about 25 seconds."),
        ("da", "Beregningsmotoren gøres klar, én gang efter installationen: ca. 25 sekunder."),
    ],
)
def test_who_comes_first_is_told_what_the_figures_wait_for(chromium: Any, small: str, language: str, said: str) -> None:
    def compiling(route: Any) -> None:
        route.fulfill(body='{"compiling": 25}\n', content_type="application/x-ndjson")

    with tab(chromium, small, language) as page:
        for question in ("look", "run", "staffing"):
            page.route(f"**/api/{question}", compiling)
        page.get_by_role("link", name={"en": "Workbench", "da": "Arbejdsbord"}[language]).click()
        page.get_by_text(said).wait_for()
        page.get_by_role("link", name={"en": "Find staffing", "da": "Find bemanding"}[language]).click()
        page.get_by_role("button", name="Find", exact=True).click()
        page.get_by_text(said).wait_for()


@everywhere
def test_july_is_closed_and_the_difference_is_read(chromium: Any, city: str, language: str, width: int) -> None:
    words = {
        "da": ("Se situationen i dag", "Lukket i juli 2022", "sikker forskel (dårligere)"),
        "en": ("See how things stand today", "Closed in July 2022", "sure difference (worse)"),
    }[language]
    with tab(chromium, city, language, width) as page, journey(page, f"july-{language}", 120):
        page.get_by_role("link", name=words[0]).click()
        page.get_by_role("button", name=words[1]).click()
        settled(page)
        assert words[2] in page.locator(".tile").nth(0).inner_text()
        # The closed month stands red on the way.
        month = page.locator("#month")
        month.press("Home")
        for _ in range(7 * 12 + 7):
            month.press("ArrowRight")
        assert {"da": "august 2022", "en": "August 2022"}[language] in month.get_attribute("aria-valuetext").replace(
            "\xa0", " "
        )
        page.get_by_text("≈").first.wait_for(timeout=LONG)
        if width == 1280:
            picture(page, f"workbench-{language}")
        page.get_by_role("tab").nth(1).click()
        if width == 1280:
            picture(page, f"over-time-{language}")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_price_is_written_in_its_field_and_costs_follow_it(chromium: Any, city: str, width: int) -> None:
    with tab(chromium, city, "da", width) as page:
        page.goto(page.url.replace("#/start", "#/trust").split("#")[0] + "#/trust?lang=da")
        field = page.get_by_role("textbox", name=re.compile("Medarbejdere: sagsbehandlerne i kontanthjælp"))
        field.fill("700.000")
        field.blur()
        page.get_by_text("Mener du 700000?").wait_for()
        field.fill("700000")
        field.blur()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="Brug 1 ændrede i arbejdsbordet").first.click()
        page.get_by_text("700.000 kr. pr. år").wait_for()


def test_a_wrong_list_is_named_in_danish(chromium: Any, small: str, tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("sted;situation;antal;siden\nteam;venter;1;1-13-2021\n", encoding="utf-8")
    with tab(chromium, small, "da") as page:
        page.get_by_label("Listens dag").fill("2021-06-01")
        page.get_by_label(re.compile("Udfyldt liste")).set_input_files(path)
        page.get_by_text("'1-13-2021' er ikke en dato").wait_for()


def test_a_slider_dragged_away_and_back_is_run_too(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        settled(page)
        box = page.get_by_role("slider").first.bounding_box()
        middle = box["y"] + box["height"] / 2
        start = page.get_by_role("slider").first.evaluate("e => (e.value - e.min) / (e.max - e.min)")
        at = box["x"] + 8 + (box["width"] - 16) * start
        page.mouse.move(at, middle)
        page.mouse.down()
        page.mouse.move(at + 60, middle, steps=6)
        page.locator(".tile.look").first.wait_for()
        page.mouse.move(at, middle, steps=6)
        page.mouse.up()
        page.locator(".tile[data-replications='100']:not(.look):not(.stale)").first.wait_for(timeout=LONG)


def test_a_run_of_one_month_has_that_month_once(chromium: Any, town: Path, tmp_path: Path) -> None:
    base = tmp_path / "month.toml"
    base.write_text(town.read_text().replace("end = 2023-01-01", "end = 2021-02-01"), encoding="utf-8")
    with served(str(base)) as address, tab(chromium, address) as page:
        page.locator("table tbody tr").first.wait_for(timeout=LONG)
        heads = [head.replace("\N{NO-BREAK SPACE}", " ") for head in page.locator("table thead th").all_inner_texts()]
        assert heads == ["Stop", "Waiting, January 2021", "Weeks of waiting, January 2021"]


# --- The other screens ---


CHOSEN = """async ([screen, choice]) => {
    const { address } = await import("/static/page.js");
    location.hash = address(screen, choice);
}"""


def posted(page: Any, path: str) -> list[dict[str, Any]]:
    """Return what the page asks of an address, from now on."""
    asked: list[dict[str, Any]] = []
    page.on("request", lambda one: asked.append(one.post_data_json) if one.url.endswith(path) else None)
    return asked


def test_no_staffing_is_sought_while_a_goal_can_not_be_read(chromium: Any, pair: str) -> None:
    with tab(chromium, pair, "da") as page:
        page.get_by_role("link", name="Find bemanding").click()
        page.locator("#goal").select_option("wait.team.served")
        page.locator("#also").select_option("")
        asked, find = posted(page, "/api/staffing"), page.get_by_role("button", name="Find", exact=True)
        for name, text, answer in (
            ("bound", "1.200", "Mener du 1200?"),
            ("bound", "4 måneder", "Skriv et tal"),
            ("bound", "uger", "Skriv et tal"),
            ("bound", "", "Skriv et tal"),
            ("most", "mange", "Skriv et tal"),
        ):
            field = page.locator(f"#{name}")
            before = field.input_value()
            field.fill(text)
            find.click()
            page.get_by_text(answer).wait_for()
            assert field.get_attribute("aria-invalid") == "true"
            assert page.locator(":focus").get_attribute("id") == name
            field.fill(before)
            field.blur()
            assert field.get_attribute("aria-invalid") is None
        assert violations(page) == []
        page.locator("#goal").select_option("queue.team")
        page.locator("#bound").fill("1.200")
        page.locator("#goal").select_option("wait.team.served")  # which has a bound of its own
        assert page.locator("#bound").get_attribute("aria-invalid") is None
        page.locator("#bound").fill("4,5 uger")
        assert asked == []
        find.click()
        page.get_by_role("button", name="Afbryd").wait_for()
        assert asked[0]["form"]["goals"] == ["wait for team <= 4.5 weeks"]


def test_a_staffing_is_taken_along_for_what_was_asked_not_for_what_is_chosen_by_then(chromium: Any, pair: str) -> None:
    with tab(chromium, pair) as page:
        page.get_by_role("link", name="Find staffing").click()
        page.locator("#lever").select_option("team.places")
        page.locator("#goal").select_option("wait.team.served")
        page.locator("#also").select_option("")
        held: list[Any] = []
        page.route("**/api/staffing", lambda route: held.append(route))
        year = page.locator("#during").input_value()
        page.get_by_role("button", name="Find", exact=True).click()
        page.locator("#lever").select_option("plan.capacity")
        page.locator("#during").select_option(next(one for one in ("2021", "2022") if one != year))
        held[0].continue_()
        page.locator(".answer").wait_for(timeout=LONG)
        level = page.locator(".answer").inner_text().split()[0]
        page.get_by_role("link", name=re.compile("Use .* on the workbench")).click()
        settled(page)
        titles = page.get_by_role("slider").evaluate_all('all => all.map((one) => [one.ariaLabel ?? "", one.value])')
        values = {title.lower(): value for title, value in titles}
        assert values["places a meeting: team"] == level
        assert values["servers: plan"] == "5"  # as today
        assert page.locator("#year").input_value() == year


@pytest.mark.parametrize("language", ["da", "en"])
def test_each_screen_says_what_it_is_of(chromium: Any, city: str, language: str) -> None:
    today, own, preset, listed = {
        "da": ("Om: Videreført fra januar 2021", "Om: Mit scenarie", "Om: Flere pladser pr. møde", "Om: Fra min liste"),
        "en": ("Of: Today", "Of: My scenario", "Of: More places a meeting", "Of: From my list"),
    }[language]
    cases = {"cases": "where;situation;number;since\n", "casesDay": "2021-03-01", "name": listed.split(": ")[1]}
    chosen = (
        ({}, today),
        ({"prices": {"places.rehabilitation_team": "1 DKK"}}, today),
        ({"values": {"inflow": 5}}, own),
        ({"parameters": {"stock_afklaring": "150"}}, own),
        ({"preset": "more-places"}, preset),
        ({"preset": "more-places", "name": "Plan B"}, preset.split(": ")[0] + ": Plan B"),
        (cases, listed),
    )
    with tab(chromium, city, language) as page:
        for screen in ("staffing", "report"):
            for choice, words in chosen:
                page.evaluate(CHOSEN, [screen, choice])
                page.get_by_text(words, exact=True).wait_for()
        asked = posted(page, "/api/report")
        page.evaluate(CHOSEN, ["report", {"values": {"inflow": 5}}])
        page.get_by_text(own, exact=True).wait_for()
        page.locator("button.first").click()
        page.locator("progress").wait_for()
        assert asked[0]["state"]["name"] == own.split(": ")[1]


DROP = """(zone, text) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


def test_the_list_that_was_brought_last_is_read_again_with_another_day(
    chromium: Any, small: str, tmp_path: Path
) -> None:
    path = tmp_path / "chosen.csv"
    path.write_text("where;situation;number\nteam;waiting;3\n", encoding="utf-8")
    with tab(chromium, small) as page:
        day, preview = page.locator("#list-day"), page.get_by_role("region", name="The list as understood")
        day.fill("2021-06-01")
        page.locator("#list").set_input_files(path)
        preview.wait_for()
        page.locator(".drop").evaluate(DROP, "where;situation;number\nteam;waiting;8\n")
        preview.get_by_text("8", exact=True).wait_for()
        assert page.locator(".drop").get_by_text("dropped.csv").is_visible()
        day.fill("2021-07-01")
        day.blur()
        preview.get_by_text("8", exact=True).wait_for()
        held: list[Any] = []
        page.route("**/api/list", lambda route: held.append(route))
        for later in ("2021-08-01", "2021-09-01"):
            day.fill(later)
            day.blur()
            page.wait_for_timeout(200)
        for route in reversed(held[-2:]):
            with page.expect_response("**/api/list"):
                route.continue_()
        page.wait_for_timeout(300)
        page.get_by_role("link", name="Use it on the workbench").click()
        page.get_by_text(re.compile("your list of 2021-09-01|your list of 1 September 2021")).wait_for()


def test_a_list_that_was_mended_can_be_chosen_again(chromium: Any, small: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("where;situation;number\nteam;waiting;many\n", encoding="utf-8")
    with tab(chromium, small) as page:
        page.locator("#list-day").fill("2021-06-01")
        for text in ("'many'", "3 rows|1 rows"):
            with page.expect_file_chooser() as chooser:
                page.locator("#list").click()
            # A browser tells of no change where the same file stands in the field.
            assert page.locator("#list").input_value() == ""
            chooser.value.set_files(path)
            page.get_by_text(re.compile(text)).wait_for()
            path.write_text("where;situation;number\nteam;waiting;3\n", encoding="utf-8")
        path.write_text("where;situation;number\nteam;waiting;30\n", encoding="utf-8")
        page.locator("#list-day").fill("2021-07-01")
        page.locator("#list-day").blur()
        page.get_by_text("The file has changed since it was chosen").wait_for()


def test_sliders_stand_where_the_scenario_has_them(chromium: Any, small: str) -> None:
    """Where an opened file or a ready-made scenario has them, not where they stand today."""
    with tab(chromium, small) as page:
        own = page.evaluate(
            """async () => {
                const { ask } = await import("/static/words.js");
                const [one, more] = [{ control: "team", value: "7" }, { control: "team.weekdays", value: "tue,fri" }];
                return (await ask("/api/scenario", { state: { name: "seven", changes: [one, more] } })).toml;
            }"""
        )
        held = list[Any]()
        page.route("**/api/controls", lambda route: held.append(route))
        page.evaluate(CHOSEN, ["workbench", {"own": own}])
        slider, friday = page.get_by_role("slider").first, page.get_by_label("Fri")
        slider.wait_for()
        assert slider.is_disabled()  # nobody moves what is not known yet
        held.pop().continue_()
        page.locator("[role=group] input[type=range]:not(:disabled)").first.wait_for()
        group, reset = page.locator("[role=group]").first, page.get_by_role("button", name=re.compile("Reset Places"))
        assert (slider.input_value(), friday.is_checked(), reset.is_disabled()) == ("7", True, True)
        assert "4 → 7 (+3)" in group.inner_text()
        settled(page)
        slider.press("ArrowRight")
        settled(page)
        reset.click()
        assert slider.input_value() == "7"
        settled(page)
        page.get_by_label("Start from").select_option("")
        page.locator("html").evaluate("() => new Promise((done) => setTimeout(done, 200))")
        assert (slider.input_value(), friday.is_checked()) == ("4", False)
        settled(page)


def test_where_sliders_stand_is_asked_again_after_nobody_answered(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        own = page.evaluate(
            """async () => {
                const { ask } = await import("/static/words.js");
                return (await ask("/api/scenario", { state: { changes: [{ control: "team", value: "7" }] } })).toml;
            }"""
        )
        for path in ("controls", "look", "run"):
            page.route(f"**/api/{path}", lambda route: route.abort())
        page.evaluate(CHOSEN, ["workbench", {"own": own}])
        page.get_by_role("alert").filter(has_text="flowsim does not answer").wait_for()
        assert page.get_by_role("slider").first.input_value() == "4"
        for path in ("controls", "look", "run"):
            page.unroute(f"**/api/{path}")
        page.get_by_role("button", name="Compute again").click()
        settled(page)
        assert page.get_by_role("slider").first.input_value() == "7"


def test_a_ready_made_scenario_moves_its_sliders(chromium: Any, city: str) -> None:
    with tab(chromium, city, "da") as page:
        page.evaluate(CHOSEN, ["workbench", {"preset": "more-places"}])
        page.get_by_text("20,63 → 22,63 (+2)").wait_for()
        page.get_by_label("Udgangspunkt").select_option("faster-statements")
        page.get_by_text("Scenariet har selv −25 % her; din ændring kommer oveni.").wait_for()
        assert page.get_by_text("20,63 → 22,63 (+2)").count() == 0


def test_runs_stand_in_the_language_of_the_page(chromium: Any, small: str, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        page.get_by_role("slider").first.press("ArrowRight")
        settled(page)
        page.get_by_role("region", name="Runs of this visit").get_by_text("weeks").first.wait_for()
        page.get_by_label("Language").select_option("da")
        runs = page.get_by_role("region", name="Kørsler i dette besøg")
        runs.locator("tbody tr").first.wait_for()
        settled(page)
        text = runs.inner_text()
        assert "Mit scenarie" in text
        assert "uger" in text
        assert not re.search(r"week|scenario|wait|difference", text, re.IGNORECASE)
        assert runs.locator("tbody tr").count() == 1  # the same run, which was done again
        assert page.get_by_label("Scenariets navn").input_value() == "Mit scenarie"
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Hent alle som Excel").click()
        waiting.value.save_as(tmp_path / "runs.xlsx")
        rows = openpyxl.load_workbook(tmp_path / "runs.xlsx").active.iter_rows(values_only=True)
        assert not re.search("week|scenario", str(list(rows)))


def test_a_run_that_ends_leaves_the_focus_in_the_list_of_runs(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Workbench").click()
        page.get_by_role("slider").first.press("ArrowRight")
        settled(page)
        page.get_by_role("slider").first.evaluate("one => { one.stepUp(); one.dispatchEvent(new Event('change')); }")
        page.get_by_role("link", name="Show again").focus()
        page.get_by_role("region", name="Runs of this visit").locator("tbody tr").nth(1).wait_for(timeout=LONG)
        assert page.locator(":focus").inner_text() == "Show again"
        row = page.locator("tr", has=page.locator(":focus"))
        assert row.evaluate("one => one.rowIndex") == 2  # that of the same run


def test_a_logo_can_be_let_go(chromium: Any, small: str, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"no picture")
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Report", exact=True).click()
        remove = page.get_by_role("button", name="Remove logo.png")
        assert remove.count() == 0
        page.locator("#logo").set_input_files(tmp_path / "logo.png")
        remove.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "logo"
        assert remove.count() == 0
        page.locator(".file").get_by_text("no file chosen").wait_for()
        asked = posted(page, "/api/report")
        page.get_by_role("button", name="Make the report").click()
        page.locator("progress").wait_for()
        assert asked[0]["form"]["logo"] == ""
        page.get_by_role("button", name="Cancel").click()


def test_a_logo_that_was_written_over_since_is_told_of(chromium: Any, small: str, tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(b"a picture")
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Report", exact=True).click()
        page.locator("#logo").set_input_files(path)
        path.write_bytes(b"another picture")
        page.get_by_role("button", name="Make the report").click()
        page.get_by_text("The file has changed since it was chosen").wait_for()


SPOKEN = "() => [...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map((one) => one.innerText)"


def test_a_screen_reader_hears_a_sentence_not_a_whole_answer(chromium: Any, small: str, tmp_path: Path) -> None:
    rows = [f"team;waiting;{number}" for number in ("1", "1", "many", "more", "most")]
    for name, lines in (("good", rows[:2]), ("bad", rows)):
        (tmp_path / f"{name}.csv").write_text("\n".join(["where;situation;number", *lines]), encoding="utf-8")
    with tab(chromium, small) as page:

        def heard(sentence: str) -> None:
            spoken = [text.strip() for text in page.evaluate(SPOKEN) if text.strip()]
            assert any(sentence in text for text in spoken), spoken
            assert max(map(len, spoken)) <= 100, spoken

        page.locator("#list-day").fill("2021-06-01")
        page.locator("#list").set_input_files(tmp_path / "bad.csv")
        page.get_by_text("C4: 'many'").wait_for()
        heard("The list can't be read: 3 rows are wrong.")
        page.locator("#list").set_input_files(tmp_path / "good.csv")
        page.get_by_text("Rows that say the same: 1").click()
        page.get_by_text("Rows 2–3: team, waiting, citizens in all: 2").wait_for()
        heard("2 rows were read")
        assert violations(page) == []
        page.get_by_role("link", name="Workbench", exact=True).click()
        settled(page)
        page.locator(".stop").first.click()
        page.get_by_role("columnheader", name="Mean stay today").wait_for()
        heard("100 futures")
        page.get_by_role("link", name="Find staffing").click()
        page.get_by_role("button", name="Find", exact=True).click()
        page.locator(".answer").wait_for(timeout=LONG)
        heard("Done in")
        page.get_by_role("link", name="Can I trust it?").click()
        page.get_by_role("button", name="Find the five largest").click()
        page.get_by_role("columnheader", name="What it moves").wait_for(timeout=LONG)
        heard("Done in")


def test_the_focus_is_kept_where_a_job_ends_under_it(chromium: Any, small: str) -> None:
    answers = {
        "Done in": '{"blocks": [], "levers": ["x"], "levels": [[4]], "title": "", "again": null}',
        "Something went wrong": '{"error": {"message": "fault", "key": ""}}',
    }
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Find staffing").click()
        cancel, held = page.get_by_role("button", name="Cancel"), list[Any]()
        page.route("**/api/staffing", lambda route: held.append(route))
        for words, body in answers.items():
            page.get_by_role("button", name="Find", exact=True).click()
            cancel.focus()
            held.pop().fulfill(body=f"{body}\n", content_type="application/x-ndjson")
            cancel.wait_for(state="detached")
            assert words in page.locator(":focus").inner_text()
        page.get_by_role("button", name="Find", exact=True).click()
        cancel.press("Enter")
        assert page.locator(":focus").inner_text() == "Cancelled."


def test_a_row_by_date_is_read_as_a_slider_s_field_is(chromium: Any, small: str) -> None:
    with tab(chromium, small, "da") as page:
        page.get_by_role("link", name="Arbejdsbord").click()
        page.get_by_role("button", name="Tilføj en række").click()
        row = page.locator(".dated-row")
        value = row.get_by_label("Værdi")
        asked = posted(page, "/api/look")
        for text, answer in (("1.200", "Mener du 1200?"), ("mange", "Skriv et tal"), ("-1", "Nærmeste værdi er 0")):
            value.fill(text)
            value.blur()
            assert answer in row.inner_text()
            assert value.get_attribute("aria-invalid") == "true"
        value.fill("5,5")
        value.blur()
        settled(page)
        page.reload()
        settled(page)
        assert value.input_value() == "5,5"
        page.locator("#what-1").select_option(label="Mødedage: team")
        tuesday, friday = row.get_by_label("Tir"), row.get_by_label("Fre")
        assert (tuesday.is_checked(), friday.is_checked()) == (True, False)
        friday.check()
        tuesday.uncheck()
        settled(page)
        page.locator("#what-1").select_option(label="Tilgang: new")
        assert row.get_by_label("Værdi").input_value() == "0 %"
        row.get_by_label("Værdi").fill("+10 %")
        row.get_by_label("Værdi").blur()
        settled(page)
        changes = [one["state"]["changes"] for one in asked if one["state"]["changes"]]
        values = {one[0]["value"] for one in changes}
        assert {"5.5", "fri", "10"} <= values <= {"4", "5.5", "tue", "tue,fri", "fri", "0", "10"}
        assert violations(page) == []


def test_what_is_filled_in_is_there_in_another_language_and_on_the_way_back(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.get_by_role("link", name="Find staffing").click()
        page.locator("#goal").select_option("queue.team")
        page.locator("#bound").fill("12.5")
        page.locator("#also").select_option("")
        page.locator("#most").fill("9")
        page.get_by_role("link", name="Report", exact=True).click()
        page.locator("#question").fill("Why?")
        page.locator("#last").select_option(index=0)
        page.get_by_label("Language").select_option("da")
        page.get_by_role("heading", name="Hent rapport").wait_for()
        assert page.locator("#question").input_value() == "Why?"
        page.get_by_role("link", name="Arbejdsbord").click()
        page.get_by_role("slider").first.wait_for()
        page.get_by_role("link", name="Find bemanding").click()
        page.locator("#goal").wait_for()
        found = [page.locator(f"#{name}").input_value() for name in ("goal", "bound", "also", "least", "most")]
        assert found == ["queue.team", "12.5", "", "0", "9"]
        page.go_back()
        page.go_back()
        page.get_by_role("heading", name="Hent rapport").wait_for()
        assert page.locator("#question").input_value() == "Why?"
        assert page.locator("#last").evaluate("one => one.selectedIndex") == 0
        page.locator("#question").fill("")
        page.locator("#question").blur()
        page.locator("#last").select_option(index=page.locator("#last option").count() - 1)
        assert "paper" not in page.evaluate("atob(new URLSearchParams(location.hash.split('?')[1]).get('s') ?? '')")


def test_a_file_that_is_gone_is_told_of(chromium: Any, town: Path) -> None:
    files = '[{"name": "report.pdf", "format": "pdf", "token": "gone"}]'
    body = f'{{"blocks": [], "letter": [], "title": "", "subject": "", "again": null, "files": {files}}}\n'
    with served(str(town)) as address, tab(chromium, address, "da") as page:
        page.route("**/api/report", lambda route: route.fulfill(body=body, content_type="application/x-ndjson"))
        page.get_by_role("link", name="Rapport", exact=True).click()
        page.get_by_role("button", name="Lav rapporten").click()
        link = page.get_by_role("link", name="PDF (report.pdf)")
        link.click()
        page.get_by_text("Filen er her ikke længere: Lav rapporten igen.").wait_for()
        page.route("**/api/file/*", lambda route: route.abort())  # as where flowsim has ended meanwhile
        link.click()
        page.get_by_text("flowsim svarer ikke. Kører det stadig?").wait_for()


def test_a_scenario_file_that_holds_nothing_is_not_opened(chromium: Any, small: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("\n", encoding="utf-8")
    with tab(chromium, small, "da") as page:
        page.locator("#own").set_input_files(path)
        page.get_by_text("Filen er tom.").wait_for()
        assert "/workbench" not in page.url


def test_whether_a_goal_is_a_least_or_a_most_stands_beside_its_number(chromium: Any, small: str) -> None:
    with tab(chromium, small, "da", 390) as page:
        page.get_by_role("link", name="Find bemanding").click()
        field = page.locator(".field", has=page.locator("#bound"))
        for goal, words in (("clock.decided.within", "mindst"), ("wait.team.served", "højst")):
            page.locator("#goal").select_option(goal)
            assert field.locator("span").first.inner_text() == words


def test_a_phone_shows_who_waits_now_and_how_long_at_once(chromium: Any, city: str) -> None:
    with tab(chromium, city, "da", 390) as page:
        page.locator("tbody tr").first.wait_for(timeout=LONG)
        heads = page.locator(".scroll thead th").all()
        edge = page.locator(".scroll").first.bounding_box()
        now = heads[2].bounding_box()
        assert "Ugers ventetid, januar 2021" in heads[2].inner_text()
        assert now["x"] + now["width"] <= edge["x"] + edge["width"]


def test_a_link_that_was_cut_off_opens_what_can_be_read_of_it(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        wrong = {"values": None, "rows": [1], "name": ["x"], "parameters": "y", "casesDay": 3, "year": 2021, "more": {}}
        for screen in ("workbench", "staffing", "report", "trust"):
            page.evaluate(CHOSEN, [screen, wrong])
            page.get_by_role("heading", level=1).wait_for()
            page.goto(f"{page.url[:-9]}")
            page.reload()
            page.get_by_role("heading", level=1).wait_for()
        page.evaluate(CHOSEN, ["workbench", wrong])
        settled(page)
        assert page.locator("#year").input_value() == "2021"


def test_a_changed_assumption_stays_in_the_address_and_can_be_undone(chromium: Any, city: str) -> None:
    with tab(chromium, city) as page:
        page.get_by_role("link", name="Can I trust it?").click()
        field = page.locator("input[data-name=stock_afklaring]")
        field.wait_for(timeout=LONG)
        base = field.input_value()
        field.fill("150")
        field.blur()
        page.get_by_label("Language").select_option("da")
        page.get_by_role("heading", name="Kan jeg stole på det?").wait_for()
        field.wait_for(timeout=LONG)
        assert field.input_value() == "150"
        page.get_by_role("link", name="Brug 1 ændrede i arbejdsbordet").first.wait_for()
        field.fill(base)
        field.blur()
        page.get_by_role("link", name="Tag det med tilbage til arbejdsbordet").first.click()
        page.get_by_role("slider").first.wait_for()
        assert page.get_by_role("button", name="Undlad").count() == 0


WRITTEN = """(times) => {
  const all = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/api/scenario"));
  return all.length === times;
}"""


def test_what_makes_an_answer_again_has_each_file_that_its_command_names(chromium: Any, city: str) -> None:
    choice = {"values": {"inflow": 5}, "prices": {"places.rehabilitation_team": "1 DKK"}}
    choice |= {"cases": "where;situation;number;since\nrehabilitation_team;waiting;3;\n", "casesDay": "2021-03-01"}
    answer = r"""async ([name, files, choice]) => {
        const { again, stateOf } = await import("/static/screens/parts.js");
        const { about } = await import("/static/words.js");
        const command = `flowsim staff ${name} ${files}`;
        const node = again({ again: { command, python: "" } }, choice && stateOf(choice, about.controls));
        document.querySelector("main").replaceChildren(node);
        node.querySelector("summary").click();
    }"""
    with tab(chromium, city) as page:
        links = page.locator("main details a[download]")
        page.evaluate(answer, ["from-my-list.toml", "--prices prices.toml", choice])
        links.first.wait_for()
        assert [one.get_attribute("download") for one in links.all()] == [
            "from-my-list.toml",
            "prices.toml",
            "list.csv",
        ]
        listed = {key: choice[key] for key in ("cases", "casesDay")}
        page.evaluate(answer, ["from-my-list.toml", "", listed])
        links.first.wait_for()
        assert [one.get_attribute("download") for one in links.all()] == ["from-my-list.toml", "list.csv"]
        asked = posted(page, "/api/scenario")
        for name, files, of in (("today", "", None), ("today", "", {}), ("more-places", "", {"preset": "more-places"})):
            page.evaluate(answer, [name, files, of])
            if name != "today":
                page.wait_for_function(WRITTEN, arg=3)
            page.wait_for_timeout(300)
            assert page.get_by_text(f"flowsim staff {name}").is_visible()
            assert links.count() == 0
        assert [one["state"].get("preset") for one in asked] == ["more-places"]


def test_assumptions_that_can_not_be_read_are_flowsim_s_own_fault(chromium: Any, small: str) -> None:
    with tab(chromium, small) as page:
        page.route("**/api/grounds*", lambda route: route.fulfill(status=500, body='{"error": {"message": "fault"}}'))
        page.get_by_role("link", name="Can I trust it?").click()
        page.get_by_role("alert").filter(has_text="Something went wrong in flowsim itself").wait_for()
