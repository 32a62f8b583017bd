import unicodedata

import pytest

from flowsim.core.errors import InputError
from flowsim.core.files import check_bare_numbers, file_named, read_data


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("from = 01-07-2019", "write a date as 2019-07-01"),
        ("from = 1/7/2019", "write a date as 2019-07-01"),
        ("from = 2019-7-1", "write a date as 2019-07-01"),
        ("keep = 50%", 'write it in quotes: "50 %"'),
        ("keep = +7,5 %", 'write it in quotes: "+7,5 %"'),
        ("places = 31,5", "write a decimal point: 31.5"),
        ("places = { 2019-01-01 = 31,5 }", "write a decimal point: 31.5"),
        ("stay = 12 weeks", 'write a text in quotes: "12 weeks"'),
        ("rate = 2400 per year", 'write a text in quotes: "2400 per year"'),
        ("base = copenhagen", 'write a text in quotes: "copenhagen"'),
        ("base = “copenhagen”", "write straight quotes"),
        (
            "x = [{places = 4, from = 2025-02-30}]",
            "there is no day 30 of month 2 in 2025: write a date such as 2025-12-31",
        ),
        ("from = 07-25-2025", "there is no day 7 of month 25 in 2025: write a date such as 2025-12-31"),
    ],
)
def test_what_is_no_toml_is_answered_with_how_to_write_it(line, hint):
    with pytest.raises(InputError) as error:
        read_data(f'name = "x"\n{line}\n'.encode(), "mine.toml")
    assert str(error.value).startswith("mine.toml, line 2: ")
    assert str(error.value).endswith(hint) or f"{hint} (" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_sign_in_json_is_answered_with_how_to_write_it():
    with pytest.raises(InputError, match=r'mine.json, line 1: Expecting value: .*: write it in quotes: "\+1"'):
        read_data(b'{"places": +1}', "mine.json")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", 'x = "+3"\ny = { z = +2 }', 'line 2: +2 is not allowed without quotes: write "+2" for two more'),
        ("a.toml", "x = [1, +0.5]", 'write "+0.5" for 0.5 more, or 0.5 for 0.5 in all'),
        ("a.toml", "x = 1.200", "line 1: 1.200: 1200 or 1.2? write 1200 or 1.2"),
        ("a.toml", "x = 1.125", "write 1125 or 1.1250"),
        ("a.json", '{"x": 5.000}', "line 1: 5.000: 5000 or 5? write 5000 or 5"),
    ],
)
def test_bare_numbers_that_read_as_something_else(name, text, message):
    with pytest.raises(InputError) as error:
        check_bare_numbers(text.encode(), name, changes=True)
    assert message.replace("two more", "2 more") in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        'x = "+2" # +2',
        "# y = +2",
        "x = 0.512",
        "x = 12.5",
        "x = 12.50000",
        "x = 1.200e3",
        "x = -2",
        'x = """\n= +2"""',
        "x = 09:00:12.125",
    ],
)
def test_other_bare_numbers_are_left_alone(text):
    check_bare_numbers(text.encode(), "a.toml", changes=True)


def test_decimals_of_a_base_are_refused_only_where_they_look_like_thousands():
    check_bare_numbers(b"x = 1.125", "a.toml", changes=False)
    check_bare_numbers(b"x = +2", "a.toml", changes=False)
    with pytest.raises(InputError, match=r"1200 or 1\.2"):
        check_bare_numbers(b"x = 1.200", "a.toml", changes=False)


def test_json_is_read_as_toml_is():
    assert read_data(b'{"a": {"b": [1, 2.5]}}', "a.JSON") == {"a": {"b": [1, 2.5]}}
    for text, message in {
        '{"a": 1, "a": 2}': "the key 'a' stands twice",
        "[1]": "should hold one object",
        '{"a": NaN}': "NaN is no number",
        '{"a": 50%}': 'line 1: .*: write it in quotes: "50 %"',
        "": "line 1: .*the file is empty",
    }.items():
        with pytest.raises(InputError, match=f"a.json.*{message}"):
            read_data(text.encode(), "a.json")


def test_names_are_composed_and_files_found_by_either_form(tmp_path):
    name = unicodedata.normalize("NFD", "Århus")
    assert read_data(f'name = "{name}"'.encode(), "a.toml") == {"name": "Århus"}
    (tmp_path / f"{name}.toml").write_text("")
    assert file_named(tmp_path / "Århus.toml").is_file()
    assert not file_named(tmp_path / "Ribe.toml").is_file()
