from importlib.util import find_spec

import pytest
from babel.messages import Catalog

import translations
from helpers.paths import ROOT

CONTENTS = {page: translations.read(translations.catalogue(page)) for page in translations.pages()}


def ids(content):
    return {message.id for message in content if message.id}


def catalog(*pairs):
    content = Catalog(locale="da")
    for english, danish in pairs:
        content.add(english, danish)
    return content


def strings(content):
    return {message.id: message.string for message in content if message.id and not message.fuzzy}


def test_the_tutorial_and_all_guides_of_planners_are_in_danish():
    guides = (ROOT / "docs" / "guides" / "planner").glob("*.md")
    assert translations.pages() == sorted(["tutorial", *(f"guides/planner/{path.stem}" for path in guides)])


def test_no_paragraph_waits_for_its_translation():
    left = {page: translations.unfinished(content) for page, content in CONTENTS.items()}
    assert {page: messages for page, messages in left.items() if messages} == {}


# Should it fail after a page was changed: `make danish`, then translate what it names.
@pytest.mark.skipif(
    find_spec("sphinx") is None or find_spec("myst_nb") is None, reason="takes the libraries of the docs"
)
def test_catalogues_hold_the_paragraphs_of_the_pages_and_no_others():
    english = {page: ids(content) for page, content in translations.paragraphs().items()}
    danish = {page: ids(content) for page, content in CONTENTS.items()}
    new = {page: sorted(messages - danish[page]) for page, messages in english.items() if messages - danish[page]}
    gone = {page: sorted(messages - english[page]) for page, messages in danish.items() if messages - english[page]}
    assert (new, gone) == ({}, {})


def test_translations_keep_code_links_and_numbers():
    messages = [(page, message) for page, content in CONTENTS.items() for message in content if message.id]
    faults = {(page, m.id): translations.faults(m.id, m.string) for page, m in messages}
    assert {place: texts for place, texts in faults.items() if texts} == {}


@pytest.mark.parametrize(
    ("english", "danish", "fault"),
    [
        ("See `--goal` and 1,958.5 weeks", "Se `--goal` og 1.958,5 uger", None),
        ("of {doc}`compare`", "af {doc}`compare`", None),
        ("of {doc}`the page <page>`", "af {doc}`siden <page>`", None),
        ("a [list](https://a.dk/1.2)", "en [liste](https://a.dk/1.2)", None),
        ("a spread of .15", "en spredning på 0,15", None),
        ("Python 3.11", "Python 3.11", None),
        ("1. Write it", "1\\. Skriv den", None),
        ("1. Write it", "1. Skriv den", "'1.' begins a list: write '1\\\\.'"),
        ("See `--goal`", "Se `--mål`", "literal '`--goal`' is missing"),
        ("See `--goal`", "Se målet", "literal '`--goal`' is missing"),
        ("nothing", "`intet`", "literal '`intet`' is not in the English"),
        ("of {doc}`compare`", "af {doc}`staffing`", "literal 'doc: compare' is missing"),
        ("of {doc}`the page <page>`", "af siden", "literal 'doc: page' is missing"),
        ("a [list](https://a.dk)", "en [liste](https://b.dk)", "literal '](https://a.dk)' is missing"),
        ("8.7 weeks", "8.7 uger", "number '8,7' is missing"),
        ("8.7 weeks", "7,8 uger", "number '8,7' is missing"),
        ("1,958 citizens", "1,958 borgere", "number '1.958' is missing"),
        ("some", "12", "number '12' is not in the English"),
    ],
)
def test_what_is_lost_is_named(english, danish, fault):
    faults = translations.faults(english, danish)
    assert (faults == []) if fault is None else (fault in faults)


def test_new_numbers_go_into_a_translation_by_themselves():
    old = catalog(("In `2019` 1,958 waited 8.7 weeks", "I `2019` ventede 1.958 i 8,7 uger"))
    new = translations.update(old, catalog(("In `2019` 998 waited 12 weeks", "")))
    assert strings(new) == {"In `2019` 998 waited 12 weeks": "I `2019` ventede 998 i 12 uger"}
    assert translations.unfinished(new) == []


def test_numbers_that_can_not_be_told_apart_wait_for_a_person():
    old = catalog(("5 of 5", "5 af 5"))
    new = translations.update(old, catalog(("4 of 6", "")))
    assert translations.unfinished(new) == ["4 of 6"]


def test_what_is_reworded_or_new_waits_for_a_person():
    old = catalog(("Twenty runs are better than five of them", "Tyve er bedre end fem"), ("Gone", "Væk"))
    new = translations.update(old, catalog(("Thirty runs are better than five of them", ""), ("Another", "")))
    assert translations.unfinished(new) == ["Thirty runs are better than five of them", "Another"]
    assert ids(new) == {"Thirty runs are better than five of them", "Another"}


def test_what_has_no_words_is_translated_by_itself():
    new = translations.update(catalog(), catalog(("12,704", ""), ("`1,5`", ""), ("12 weeks", "")))
    assert strings(new) == {"12,704": "12.704", "`1,5`": "`1,5`", "12 weeks": ""}
