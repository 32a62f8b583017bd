"""What stands above a report: whom it is for and from, its day, and a logo, in each kind of file."""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import replace
from datetime import date

import pytest

from flowsim.core.errors import InputError
from flowsim.reporting.document import MOST_LOGO, Letterhead
from flowsim.reporting.language import Language
from flowsim.reporting.writers.html import webpage
from flowsim.reporting.writers.pdf import printout
from flowsim.reporting.writers.pptx import slides
from flowsim.reporting.writers.xlsx import workbook
from helpers.documents import sample

Image = pytest.importorskip("PIL.Image")


def picture(kind="PNG", size=(300, 80)):
    out = io.BytesIO()
    Image.new("RGB", size, (31, 95, 168)).save(out, kind)
    return out.getvalue()


def hollow(wide, high):
    """A picture that claims to be so large, and holds nothing."""
    parts = (b"IHDR" + struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0), b"IDAT")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts
    )


def headed(logo=b""):
    letterhead = Letterhead(recipient="Udvalget <b>", author="Jobcentret", day=date(2027, 1, 15), logo=logo)
    return replace(sample("da"), letterhead=letterhead)


def test_it_says_whom_a_report_is_for_in_the_language_of_the_report():
    letterhead, language = headed().letterhead, headed().language
    assert letterhead.lines(language) == ("Til: Udvalget <b>", "Fra: Jobcentret", "15.\xa0januar\xa02027")
    assert letterhead.lines(Language.of("en"))[-1] == "15\xa0January\xa02027"
    assert Letterhead().lines(language) == ()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_each_kind_of_file_has_its_lines_and_its_logo(kind):
    document = headed(picture(kind))
    page = webpage(document).decode()
    assert "Til: Udvalget &lt;b&gt;<br>Fra: Jobcentret<br>15.\xa0januar\xa02027" in page
    assert f"data:image/{kind.lower()};base64," in page
    assert printout(document) != printout(replace(document, letterhead=Letterhead()))
    for packed, within in ((workbook(document), "xl/media/image1"), (slides(document), "ppt/media/")):
        with zipfile.ZipFile(io.BytesIO(packed)) as parts:
            assert any(parts.read(name) == document.letterhead.logo for name in parts.namelist() if within in name)
            text = "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
        assert "Til: Udvalget &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((300, 80), (225, 60)),
        ((3000, 100), (300, 10)),
        ((50, 1000), (3, 60)),
        ((30, 6), (300, 60)),
        ((10, 10), (60, 60)),
    ],
)
def test_a_logo_keeps_its_shape_within_its_place_on_a_sheet(size, shown):
    with zipfile.ZipFile(io.BytesIO(workbook(headed(picture(size=size))))) as parts:
        drawing = parts.read("xl/drawings/drawing1.xml").decode()
    wide, high = re.search(r'<a:ext cx="(\d+)" cy="(\d+)"/>', drawing).groups()
    assert (round(int(wide) / 9525), round(int(high) / 9525)) == shown  # so many of Excel's units to a pixel


@pytest.mark.parametrize(
    ("logo", "words"),
    [
        (b"<svg onload='x'/>", "give a .png or a .jpg file"),
        (picture()[:60], "give a .png or a .jpg file"),
        (picture("GIF"), "give a .png or a .jpg file"),
        (picture(size=(4001, 10)), "4001 x 10 pixels: at most 4000"),
        (hollow(10_000, 10_000), "millions of pixels: at most 4000 x 4000"),  # of which Pillow warns
        (hollow(20_000, 20_000), "millions of pixels: at most 4000 x 4000"),  # which it refuses in its own words
        (b"\x89PNG" + bytes(MOST_LOGO), "500,004 bytes: at most 500,000"),
    ],
)
def test_what_is_no_small_picture_is_refused(logo, words):
    with pytest.raises(InputError, match="the logo") as refused:
        Letterhead(logo=logo)
    assert words in str(refused.value)
