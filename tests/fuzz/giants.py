"""Files that claim, hold or unpack to more than any table does, each under 50 MB."""

import io
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(sheet, *, head="", strings="", extra=None):
    """Return an Excel file of one sheet, from its XML."""
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{types}.sheet.main+xml"/><Override PartName="/xl/sharedStrings.xml" '
        f'ContentType="{types}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Ark1" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{MAIN}">{sheet}</worksheet>',
    } | (extra or {})
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def rows(count, columns):
    cells = "".join("<c><v>1</v></c>" for _ in range(columns))
    return f"<sheetData>{f'<row>{cells}</row>' * count}</sheetData>"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
GIANTS = {
    "extent.xlsx": lambda: workbook(
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    ),
    "far.xlsx": lambda: workbook(
        f"<sheetData>{''.join(f'<row><c r={chr(34)}XFD{n}{chr(34)}><v>1</v></c></row>' for n in range(1, 3000))}"
        "</sheetData>"
    ),
    "bomb.xlsx": lambda: workbook("<sheetData/>", extra={"xl/styles.xml": b" " * 800_000_000}),
    "rows.xlsx": lambda: workbook(rows(900_000, 2)),
    "cells.xlsx": lambda: workbook(rows(3_000, 1_000)),
    "near.xlsx": lambda: workbook(rows(9_000, 100)),
    "strings.xlsx": lambda: workbook(
        rows(10, 2), strings="".join(f"<si><t>{n * 7919}</t></si>" for n in range(1_900_000))
    ),
    "laughs.xlsx": lambda: workbook(
        '<sheetData><row><c t="inlineStr"><is><t>&l9;</t></is></c></row></sheetData>',
        head=f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
    ),
    "outside.xlsx": lambda: workbook(
        '<sheetData><row><c t="inlineStr"><is><t>&f;</t></is></c></row></sheetData>',
        head='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
    ),
    "deep.xlsx": lambda: workbook("<a>" * 200_000 + "</a>" * 200_000),
    "wide.csv": lambda: b"a;" * 1_200_000,
    "blank.csv": lambda: b"\n" * 49_000_000,
    "commas.csv": lambda: (b"," * 999 + b"\n") * 49_000,
    "quote.csv": lambda: b'"' + b"x" * 49_000_000,
    "near.csv": lambda: (b"12;" * 99 + b"1\n") * 10_000,
    "letters.csv": lambda: "½ø".encode() * 12_000_000,
    "stars.csv": lambda: b"\n".join([b"1" + b"*" * 3000 + b"x"] * 12_000),
    "utf16.csv": lambda: ("1;2\n" * 6_000_000).encode("utf-16"),
    "zip.csv": lambda: b"PK\x03\x04" + b"\0" * 49_000_000,
    "many.toml": lambda: b"".join(b"a%d = 1\n" % n for n in range(450_000)),
    "dotted.toml": lambda: b".".join([b"a"] * 100_000) + b" = 1",
    "dotted_header.toml": lambda: b"[" + b" . ".join([b"'a'"] * 100_000) + b"]",
    "deep.toml": lambda: b"a = " + b"[" * 100_000,
    "hex.toml": lambda: b"a = 0x" + b"f" * 1_000_000,
    "big.toml": lambda: b"# " + b"x" * 49_000_000,
    "keys.json": lambda: b"{" + b",".join(b'"a%d":1' % n for n in range(300_000)) + b"}",
    "deep.json": lambda: b'{"a":' + b"[" * 2_000_000,
    "digits.json": lambda: b'{"a":' + b"9" * 4_900_000 + b"}",
    "infinite.json": lambda: b'{"a": 1e999}',
}
"""What makes each file, by its name."""
