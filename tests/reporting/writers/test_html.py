import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from flowsim.reporting.language import LANGUAGES
from flowsim.reporting.writers.html import webpage
from helpers.documents import FORMULAS, HOSTILE, LEGIBLE, SVG, empty, sample

EMPTY = {"meta", "img", "source", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """The elements of a page in their order, each with its attributes and all text within it."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(page.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attributes": dict(attrs), "text": "", "within": [one["tag"] for one in self.open]}
        self.elements.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag):
        return [one for one in self.elements if one["tag"] == tag]

    def texts(self, tag):
        return [one["text"] for one in self.all(tag)]


@pytest.fixture(params=LANGUAGES)
def page(request):
    return Page(webpage(sample(request.param)))


def test_nothing_is_run_or_fetched(page):
    assert {one["tag"] for one in page.elements} & {"script", "link", "iframe", "object", "base", "form"} == set()
    names = {name for one in page.elements for name in one["attributes"]}
    assert [name for name in names if name.startswith("on") or name == "action"] == []
    places = [
        one["attributes"][name]
        for one in page.elements
        for name in ("src", "srcset", "href")
        if name in one["attributes"]
    ]
    assert len(places) == 3
    assert all(place.startswith(("data:image/svg+xml;base64,", "#")) for place in places)
    assert not re.search(r"@import|url\(|https?:", page.texts("style")[0])
    policy = next(one["attributes"] for one in page.all("meta") if "http-equiv" in one["attributes"])
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_texts_are_texts(page):
    assert page.texts("title") == page.texts("h1") == [LEGIBLE]
    assert page.texts("p")[1] == LEGIBLE
    assert f"point {LEGIBLE}" in page.texts("li")
    assert page.texts("code") == [f"flowsim run \\\n  --seed 1 < {LEGIBLE}"]
    assert page.texts("th")[0] == LEGIBLE
    assert [text for text in FORMULAS if text not in page.texts("th")] == []


def test_headings_are_in_order_and_in_the_contents(page):
    headings = [one for one in page.elements if re.fullmatch("h[1-6]", one["tag"])]
    assert [one["tag"] for one in headings] == ["h1", "h2", "h2", "h3", "h2", "h2"]
    # What comes before the appendix is short, so the contents are those of the appendix.
    anchors = {one["attributes"].get("id"): one["text"] for one in headings[-1:]}
    links = {one["attributes"]["href"]: one["text"] for one in page.all("a")}
    assert links == {f"#{anchor}": text for anchor, text in anchors.items()}
    assert list(links.values()) == ["Behind"]
    names = [one["attributes"]["id"] for one in page.elements if "id" in one["attributes"]]
    assert len(set(names)) == len(names)
    refers = [one["attributes"].get(kind) for one in page.elements for kind in ("aria-labelledby", "aria-describedby")]
    assert {name for name in refers if name} == {*names}


def test_charts_carry_what_they_say_and_their_figures(page):
    (image,), (narrow,) = page.all("img"), page.all("source")
    assert narrow["attributes"]["srcset"] == image["attributes"]["src"]  # this one draws alike on every screen
    assert "picture" in image["within"]
    assert image["attributes"]["alt"] == "A <chart>"
    described = image["attributes"]["aria-describedby"]
    (words,) = [one for one in page.elements if one["attributes"].get("id") == described]
    assert words["text"] == f"It falls: {LEGIBLE}"
    assert "details" in words["within"]
    assert base64.b64decode(image["attributes"]["src"].partition(",")[2]) == SVG
    assert page.texts("figcaption") == ["A <chart>"]
    folded = [one["text"] for one in page.elements if one["tag"] in ("th", "td") and "details" in one["within"]]
    assert folded[:3] == ["level", "wait", "2"]
    assert folded[3:] in (["3.5"], ["3,5"])


@pytest.mark.parametrize(
    ("code", "cells"),
    [
        ("en", ["2024-0", "1,234.5", "12.5\u00a0%", "−2.25", "–"]),
        ("da", ["2024-0", "1.234,5", "12,5\u00a0%", "−2,25", "–"]),
    ],
)
def test_tables(code, cells):
    page = Page(webpage(sample(code)))
    assert page.all("html")[0]["attributes"] == {"lang": code}
    assert page.texts("caption") == ["Formulas", "Drawn from", "Weeks"]
    row = page.elements.index(next(one for one in page.all("th") if one["text"] == "2024-0"))
    line = page.elements[row : row + 5]
    assert [one["text"] for one in line] == cells
    assert [one["attributes"] for one in line] == [{"scope": "row"}, *[{"class": "number"}] * 4]
    titles = [one["attributes"] for one in page.all("th") if one["text"] in ("period", "mean")]
    assert titles == [{"scope": "col"}, {"scope": "col", "class": "number"}]
    assert all("div" in one["within"] for one in page.all("table"))
    assert "Read it so." in page.texts("p")


def test_the_box_has_its_number_and_what_to_compare_it_with(page):
    assert page.texts("strong")[0].replace("5,3", "5.3") in (
        '5.2\u00a0weeks "<b>"',
        '5.3\u00a0weeks "<b>"',
        '5,2\u00a0weeks "<b>"',
    )
    assert page.texts("strong")[1] == "=1+1"
    (warning,) = [one for one in page.all("p") if one["attributes"].get("class") == "warning"]
    assert warning["text"] == "Beware."


def test_words_are_in_the_language():
    english, danish = (Page(webpage(sample(code))) for code in LANGUAGES)
    assert (english.texts("summary"), danish.texts("summary")) == (
        ["This chart in words and figures"],
        ["Figuren i ord og tal"],
    )
    assert (english.texts("h2")[2], danish.texts("h2")[2]) == ("Appendix", "Bilag")


def test_text_has_contrast():
    style = Page(webpage(sample())).texts("style")[0]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", style))

    def luminance(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for text in ("ink", "quiet", "accent"):
        for ground in ("#ffffff", colours["shade"]):
            assert (luminance(ground) + 0.05) / (luminance(colours[text]) + 0.05) >= 4.5, (text, ground)


def test_a_page_without_sections_is_whole():
    page = Page(webpage(replace(sample(), sections=(), subject=HOSTILE)))
    assert page.texts("p") == [LEGIBLE]


def test_empty_parts_are_allowed():
    assert Page(webpage(empty())).texts("h2") == ["", ""]
