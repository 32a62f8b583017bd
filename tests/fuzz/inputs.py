"""Files and command lines as a careless hand, a damaged disk or a rogue would give them, each a function of a seed."""

import io
import random
import re
import zipfile

PATHWAY = """\
name = "desk"
start = 2019-01-01
end = 2020-07-01

[parameters]
mean = { assumed = "2 days", why = "made up" }
rate = { assumed = "3 per week", why = "made up" }

[stations.desk]
capacity = { 2019-01-01 = 1, 2020-01-01 = 2 }
room = 5

[stations.board]
title = "The board"
weekdays = ["mon", "thu"]
at = ["09:00", "13:30"]
holidays = [2019-12-25]

[stations.board.parties.town]
staff = 2.5
hours = "6 hours"
hours_a_case = "2 hours"
follow_up = { rest = "3 minutes" }

[stations.board.parties.region]
places = { 2019-01-01 = 4, 2020-01-01 = 3.5 }

[states.plan]
station = "desk"
benefit = "cash"
priority = 1
stay = { law = "gamma", mean = "$mean", cv = 0.6 }
patience = { law = "exponential", mean = "40 days" }
reneges_to = "out"
refused_to = "out"
to = { wait = 0.8, rest = 0.1, out = "rest" }

[states.wait]
station = "board"
to = { 2019-01-01 = { rest = 0.9, out = "rest" }, 2020-01-01 = { rest = 0.5, out = 0.5 } }

[states.rest.race.plan]
rate = { 2019-01-01 = "3 per month", 2020-01-01 = "1 per year" }
by_time_spent = { "0 weeks" = 0.5, "4 weeks" = 2.0 }
[states.rest.race.out]
after = { law = "weibull", mean = "40 days", cv = 1.5 }

[states.out]
final = true
outcome = true

[entries.door]
to = "plan"
rate = "$rate"
[entries.once]
to = "plan"
at = [2019-03-04T10:30:00, 2019-03-05]
[entries.stock]
to = "wait"
count = 3
elapsed = { law = "empirical", values = ["3 days", "9 days"], weights = [1, 2] }
waiting = true
[entries.steady]
to = "plan"
every = { law = "gamma", mean = "9 days", cv = 0.5 }
"""
SCENARIO = """\
name = "more"
description = "More of everything."
base = "desk.toml"
until = 2021-01-01

[parameters]
mean = "+10 %"

[[stations]]
station = "board"
party = "region"
from = 2019-06-01
through = 2019-12-31
places = "+2"
[[stations]]
station = "desk"
capacity = 3
[[closures]]
station = "board"
from = 2020-03-01
until = 2020-05-01
keep = "50 %"
[[shares]]
state = "plan"
to = { out = "+10 %" }
[[exits]]
state = "rest"
exit = "plan"
rate = "-20 %"
[[stays]]
state = "plan"
stay = "3 days"
[[arrivals]]
entry = "door"
rate = "+50 per year"
[[waiting]]
state = "wait"
count = "+5"
waited = { law = "exponential", mean = "2 weeks" }
"""
SERVICE = """\
name = "service"
start = 2023-01-01
end = 2024-07-01
time_unit = "hour"
tick = "30 seconds"

[attributes.age]
shares = { adult = 0.7, old = "rest" }

[stations.counter]
open = { 2023-01-01 = "mon-fri 09:00-15:00", 2024-01-01 = ["mon-wed 09:00-15:00", "thu 09:00-18:00"] }
capacity = { 2023-01-01 = 3, 2024-01-01 = 2 }
closed = ["July, each year", "24 dec - 1 jan, each year", 2023-05-10]
preempts = "resume"
on_cut = "resume"
order = "last"
[stations.counter.shifts.evening]
open = "mon, wed 15:00-20:00"
servers = { 2023-01-01 = 1, 2024-01-01 = 2 }
[stations.window]
capacity = 2
room = 4
[stations.booth]
capacity = 1
room = 3
order = "shortest"
[stations.course]
capacity = 16
together = 8
[stations.doctor]
capacity = 4
reserved = { "1" = 1 }
[stations.board]
meets = "every second tue 09:00 from 2023-01-10"
places = { 2023-01-01 = 9, 2024-01-01 = 7.5 }
closed = "weeks 28-31, each year"
[stations.board.answers]
wait = "7 weeks"
gain = 0.5
lag = "4 weeks"
least = 0.7
most = 1.3
limit = 20

[states.advice]
station = "counter"
stay = { law = "exponential", mean = "50 minutes" }
to = { case = 0.4, sort = 0.3, seen = 0.2, gone = "rest" }
[[states.advice.variants]]
of = { age = "old" }
priority = 1
stay = { 2023-01-01 = "20 minutes", 2024-01-01 = { law = "gamma", mean = "1 hour", cv = 0.9 } }
to = { case = 0.6, gone = 0.4 }
[states.sort]
stay = "2 minutes"
joins = "shortest"
to = { left = 0.5, right = 0.5 }
[states.left]
station = "window"
priority = 1
stay = "15 minutes"
baulks = { "3" = 0.25, "6" = 1 }
baulks_to = "gone"
blocks = true
to = "gone"
[states.right]
station = "booth"
stay = "20 minutes"
refused_to = "gone"
to = "gone"
[states.seen]
station = "doctor"
priority = 1
stay = "10 minutes"
to = "kept"
[states.kept]
keeps = "doctor"
stay = { law = "lognormal", mean = "1 hour", cv = 1.5 }
to = "group"
[states.group]
station = "course"
stay = "3 days"
to = { job = 0.6, gone = "rest" }
[states.case]
station = "board"
benefit = "cash"
patience = "30 weeks"
reneges_to = "gone"
to = { job = 0.3, gone = "rest" }
[states.job]
final = true
outcome = true
[states.gone]
final = true

[entries.door]
to = "advice"
rate = { 2023-01-01 = "3 per hour", 2024-01-01 = "2 per hour" }
profile = { "mon-fri 09:00-12:00" = 1.3, "mon-fri 12:00-15:00" = 0.7 }
closed = "July, each year"
attributes = { age = { adult = 0.5, old = 0.5 } }
[entries.families]
to = "advice"
rate = "1 per week"
open = "mon-fri 09:00-15:00"
batch = { "1" = 0.5, "2" = 0.3, "4" = "rest" }
[entries.buses]
to = "sort"
every = "3 days"
batch = { 2023-01-01 = 4, 2024-01-01 = { law = "geometric", mean = 2.5 } }

[clocks.decided]
begins = ["advice"]
ends = ["job"]
abandons = ["group"]
begins_at = "joined"
limit = "23 weeks"
[watches.counter]
station = "counter"
of = { age = "old" }
within = ["4 hours", "1 day"]
percentiles = [50, 95]
[followups.cash]
benefit = "cash"
after = ["3 months"]
groups = { off = ["gone", "job"] }
[seniorities.cash]
benefit = "cash"
over = ["3 months"]
"""
OTHERWISE = """\
name = "otherwise"
description = "Other hours, groups and batches."
base = "desk.toml"

[[stations]]
station = "counter"
from = 2023-06-01
capacity = "+1"
[[stations]]
station = "course"
together = 4
[[stations]]
station = "counter"
shift = "evening"
servers = "+1"
[[stations]]
station = "board"
answers = { wait = "5 weeks", gain = 0.2, lag = "2 weeks", least = 0.5, most = 2 }
[[closures]]
station = "counter"
from = 2024-03-01
until = 2024-04-01
[[shares]]
state = "advice"
to = { case = "+10 %" }
[[stays]]
state = "advice"
stay = "+5 minutes"
[[arrivals]]
entry = "families"
from = 2023-09-01
batch = 3
[[arrivals]]
entry = "door"
rate = "+10 %"
"""
BASES = ((PATHWAY, SCENARIO), (SERVICE, OTHERWISE))
"""Pathways, each with a scenario over it: of people who wait for meetings, and of a service by the hour."""
NUMBERS = (
    *("0", "-1", "1e-300", "1e300", "1e308", "1e400", "-1e400", "inf", "nan", "-nan", "0.1", "1.5", "+2", "1.200"),
    *(str(2**power + step) for power in (31, 32, 53, 63, 64) for step in (-1, 0, 1)),
    *("9" * 400, "1" * 5000, "0x" + "f" * 17, "0x" + "f" * 5000, "true", "1_000", "99999999"),
)
DATES = (
    *("0001-01-01", "9999-12-31", "2019-02-28", "1970-01-01", "2019-01-01T09:00:00Z", "2019-01-01T09:00:00+14:00"),
    *("09:00:00", "23:59:59.999999", "24:00:00", "2500-01-01", "2019-01-01T00:00:00.000001", "2019-13-01"),
)
TEXTS = (
    *(
        "",
        " ",
        "x" * 300,
        "x" * 100_000,
        "../../etc/passwd",
        "/dev/null",
        "a\\u0000b",
        "desk",
        "$mean",
        "$nothing",
        "$",
    ),
    *(
        "+1e400 %",
        "-100 %",
        "-200 %",
        "+10 %",
        "1e400 days",
        "1e9 hours",
        "1e-9 seconds",
        "0 days",
        "-3 days",
        "1 week",
    ),
    *("1e400 per week", "9999999999999999999 per second", "1e-300 per year", "3 per 0 days", "rest", "nan", "inf days"),
    *(
        "100000 years",
        "2147483648 minutes",
        "9223372036854775808 days",
        "½ day",
        "１２ days",
        "12,5 days",
        "1.200 days",
    ),
    *("=cmd|' /C calc'!A0", "\\u202e", "æøå", "\\U0001F600", "%s%n", "{0}", "09:00", "25:00", "mon", "9e99999 %"),
)
LAWS = (
    *('{ law = "lognormal", mean = "3 days", cv = 1e6 }', '{ law = "gamma", mean = "1e300 days", cv = 1e-300 }'),
    *('{ law = "empirical", values = ["1 day"], weights = [1e308] }', '{ law = "fixed", value = "1e9 hours" }'),
    *('{ law = "empirical", values = ["1 day", "2 days"], weights = [1e308, 1e308] }', '{ law = "erlang", mean = 3 }'),
    *('{ law = "weibull", mean = "1 day", cv = 1e9 }', '{ law = "fixed", mean = "1e-9 seconds" }', '{ law = "x" }'),
)


PLAUSIBLE = (
    *("0", "1", "2", "7", "0.25", "0.5", "1.0", "100", "2019-01-01", "2019-07-01", "2020-02-29", "2020-12-31", '"out"'),
    *('"rest"', '"plan"', '"wait"', '"desk"', '"board"', '"2 days"', '"0 minutes"', '"3 months"', '"1 hour"', '"90 s"'),
    *('"4 per week"', '"1 per 3 years"', '"0 per week"', '"+10 %"', '"-5 %"', '"+1"', '"-1"', '"+2 days"', '"100 %"'),
    *('"+1 per week"', '"cash"', "true", "false", '["mon", "fri"]', '["09:00"]', "{ out = 1.0 }", "{ 2019-06-01 = 3 }"),
)


def value(random):
    """A value of TOML that is unlikely, but can be written."""
    if random.random() < 0.4:
        return random.choice(PLAUSIBLE)
    kind = random.randrange(7)
    if kind == 0:
        return random.choice(NUMBERS)
    if kind == 1:
        return random.choice(DATES)
    if kind == 2:
        return f'"{random.choice(TEXTS)}"'
    if kind == 3:
        return random.choice(LAWS)
    if kind == 4:
        return "[" + ", ".join(value(random) for _ in range(random.randrange(4))) + "]"
    if kind == 5:
        key = random.choice(("2019-01-01", "1e9", '""', "out", '"4 weeks"', "9999-12-31", f'"{random.choice(TEXTS)}"'))
        return f"{{ {key} = {value(random)} }}"
    return random.choice(("[" * 400 + "]" * 400, "{}", "[[]]", "''", '"""\n"""', ".".join("a" * 70), "{ a = {} }"))


def damaged(random, content):
    """Bytes with a few places changed, cut out, doubled or put elsewhere."""
    content = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 5))):
        at, size = random.randrange(len(content) + 1), random.choice((1, 1, 2, 8, 60))
        kind = random.randrange(5)
        if kind == 0:
            content[at : at + size] = random.randbytes(size)
        elif kind == 1:
            del content[at : at + size]
        elif kind == 2:
            content[at:at] = content[at : at + size] * random.choice((1, 2, 30))
        elif kind == 3:
            content[at:at] = random.choice(
                (b"\x00", b"\xff", b'"', b"=", b"[", b"]", b".", b"\n", b"\r", b"{", b"#", b",")
            )
        else:
            other = random.randrange(len(content) + 1)
            content[at:at] = content[other : other + size]
    return bytes(content)


def toml(seed):
    """Return the files of a folder: a pathway, and perhaps a scenario over it, of which one is hostile."""
    chance = random.Random(f"toml {seed}")
    with_scenario = chance.random() < 0.4
    pathway, scenario = chance.choice(BASES)
    lines = (scenario if with_scenario else pathway).splitlines()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(lines))
        kind = chance.randrange(14)
        key, sign, _ = lines[at].partition("=")
        if kind < 4 and sign:
            lines[at] = f"{key}= {value(chance)}"
        elif kind == 4 and sign:  # one of the values inside it
            inner = re.findall(r'"[^"]*"|[\d.:T-]+', lines[at])
            if inner:
                lines[at] = lines[at].replace(chance.choice(inner), value(chance), 1)
        elif kind == 5:
            lines.insert(at, chance.choice(lines))
        elif kind == 6:
            del lines[at]
            lines = lines or [""]
        elif kind >= 8:  # another number in the same form
            number = str(chance.choice((0, 1, 2, 5, 9, 12, 30, 99, 365, 2021, 10**6, 2**31, 10**12)))
            lines[at] = re.sub(r"\d+", number, lines[at], count=1) if sign and kind < 12 else lines[at]
        else:
            lines.insert(
                at,
                f"{chance.choice(('x', 'capacity', 'name', 'a' * 5000, 'to', '.'.join('ab' * 20)))} = {value(chance)}",
            )
    content = "\n".join(lines).encode()
    if chance.random() < 0.2:
        content = damaged(chance, content)
    if with_scenario:
        return {"desk.toml": pathway.encode(), "mine.toml": content}
    return {"mine.toml": content}


PERIODS = (
    "2019K1",
    "2019Q1",
    "1. kvt. 2019",
    "2019M01",
    "2019-01",
    "2O20K1",
    "2019",
    "2019K5",
    "K1 2019",
    "2019-03-31",
)
CELLS = (
    *("1", "12,5", "1.014,8", "0.512", "..", "-", "x", "", "n/a", "118 1)", "=1+1", "@x", "9" * 400, "1e400", "nan"),
    *(
        "inf",
        "−3",
        "1 200",
        "½",
        "x" * 600,
        "*" * 3000,
        " " * 3000 + "x",
        "1" + "*" * 3000 + "x",
        "Kønfordeling",
        '"',
        "'",
    ),
)


def table(chance):
    """Rows of cells, mostly a table of periods: wide or long."""
    rows, columns = chance.randrange(1, 12), chance.randrange(1, 10)
    every = chance.choice(("K", "Q", "M"))
    first = chance.randrange(2000, 2026)
    periods = [f"{first + n // 4}{every}{n % 4 + 1:0{2 if every == 'M' else 1}}" for n in range(60)]
    grid = [[f"Titel {n}" for n in range(chance.randrange(3))] for _ in range(chance.randrange(3))]
    if chance.random() < 0.5:
        grid.append([chance.choice(("", "Ydelse")), *periods[:columns]])
        grid += [[f"serie {row}", *(str(chance.randrange(10**5)) for _ in range(columns))] for row in range(rows)]
    else:
        grid.append(["Tid", *(f"serie {column}" for column in range(columns))])
        grid += [[periods[row], *(str(chance.randrange(10**5)) for _ in range(columns))] for row in range(rows)]
    grid += [["Kilde: Jobindsats, opdateret 01.02.2021"]] * chance.randrange(2)
    for _ in range(chance.randrange(4)):
        row = chance.choice(grid)
        if row:
            row[chance.randrange(len(row))] = chance.choice(CELLS + PERIODS)
    return grid


def csv(seed):
    """Return the bytes of a text file of cells."""
    chance = random.Random(f"csv {seed}")
    mark = chance.choice(";;;,\t|")
    text = chance.choice(("\n", "\r\n", "\r")).join(mark.join(row) for row in table(chance))
    content = text.encode(chance.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252")), errors="replace")
    return damaged(chance, content) if chance.random() < 0.5 else content


def _sheet(chance, grid):
    rows = []
    for number, row in enumerate(grid, start=1):
        cells = []
        for at, cell in enumerate(row):
            odd = chance.random() < 0.01
            place = chance.choice(("XFD1048576", "A0", "", "ZZZZ9", "a1")) if odd else f"{chr(65 + at % 26)}{number}"
            usual = "n" if cell.isdecimal() and len(cell) < 9 else "inlineStr"
            kind = chance.choice(("n", "s", "b", "e", "d", "str", "zz")) if chance.random() < 0.01 else usual
            plain = cell.replace("&", "&amp;").replace("<", "&lt;")
            value = f"<is><t>{plain}</t></is>" if kind == "inlineStr" else f"<v>{plain}</v>"
            style = chance.choice((' s="1"', ' s="999"', ' s="-1"', ' s="x"')) if chance.random() < 0.01 else ""
            cells.append(f'<c r="{place}" t="{kind}"{style}>{value}</c>')
        rows.append(f'<row r="{number}">{"".join(cells)}</row>')
    return rows


def xlsx(seed):
    """Return the bytes of an Excel file, written by hand so that each of its parts can be hostile."""
    chance = random.Random(f"xlsx {seed}")
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    extent = chance.choice(("A1:D9", "A1:XFD1048576", "A1", "", "x", "D9:A1"))
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    if chance.random() < 0.05:
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
        head += f'<!DOCTYPE x [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{laughs}]>'
    sheet = "".join(_sheet(chance, table(chance)))
    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{head}<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Ark1" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{main}"><dimension ref="{extent}"/><sheetData>{sheet}'
        "</sheetData></worksheet>",
    }
    contents = {name: text.encode() for name, text in parts.items()}
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        name = chance.choice(list(contents))
        contents[name] = damaged(chance, contents[name])
    if chance.random() < 0.05:
        name = chance.choice(list(contents))
        contents[name] = chance.choice((b"", b"<" * 10_000, b"<a>" * 5000, b" " * 3_000_000, contents[name] * 2))
    if chance.random() < 0.05:
        del contents[chance.choice(list(contents))]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, archive.compression)
    content = held.getvalue()
    return damaged(chance, content) if chance.random() < 0.3 else content


COMMANDS = {
    "run": ["desk.toml", "mine.toml", "none.toml", "copenhagen?", ""],
    "check": ["desk.toml", "mine.toml", "none.toml"],
    "names": ["desk.toml", "mine.toml", "bad.toml"],
    "compare": ["desk.toml", "mine.toml"],
    "forecast": ["series.csv", "none.csv", "bad.csv"],
    "staff": ["desk.toml"],
    "explain": ["desk.toml"],
    "evidence": ["desk.toml", ""],
    "diagram": ["desk.toml"],
    "report": ["desk.toml"],
    "calibrate": ["none.toml", "desk.toml"],
    "judge": ["none", "desk.toml"],
    "outlook": ["none"],
    "new": ["new.toml", "desk.toml"],
    "prices": ["desk.toml", "none"],
    "scenarios": [""],
    "schema": [""],
    "verdict": [""],
    "runn": [""],
}
OPTIONS = (
    *(
        "-n",
        "--replications",
        "--seed",
        "--workers",
        "--out",
        "--engine",
        "--from",
        "--to",
        "--json",
        "--quiet",
        "--force",
    ),
    *(
        "--decimal",
        "--horizon",
        "--origin",
        "--series",
        "--plot",
        "--language",
        "--goal",
        "--vary",
        "--between",
        "--during",
    ),
    *(
        "--chance",
        "--precision",
        "--cost",
        "--prices",
        "--point",
        "--calibrated",
        "--cluster",
        "--question",
        "--measure",
    ),
    *(
        "--first",
        "--last",
        "--station",
        "--role",
        "--pathway",
        "--draws",
        "--help",
        "--version",
        "--nonsense",
        "-",
        "--",
    ),
)
WORDS = (
    *(
        "0",
        "1",
        "2",
        "-1",
        "1e400",
        "nan",
        str(2**31),
        str(2**63),
        "9" * 400,
        "x" * 300,
        "x" * 5000,
        "",
        " ",
        "5%",
        "50 %",
    ),
    *(
        "kernel",
        "simpy",
        "da",
        "en",
        "2019Q1",
        "2019K5",
        "2030",
        "9999",
        "comma",
        "point",
        "desk",
        "board",
        "out",
        "a/b",
    ),
    *("\udcff\udcfe.toml", "a\nb", "\x1b[2J", "../x", "/dev/null", "/", ".", "out.pdf", "p.svg", "wait plan < 5 weeks"),
    *("places board", "desk=1..3", "tcp://256.0.0.1:1", "😀", "series.csv", "mine.toml", "1,200", "+2", "12,5"),
)


def words(seed):
    """Return a command line without the program's name."""
    chance = random.Random(f"words {seed}")
    name = chance.choice(list(COMMANDS))
    line = [name, *(word for word in (chance.choice(COMMANDS[name]),) if word)]
    for _ in range(chance.randrange(5)):
        line.append(chance.choice(OPTIONS))
        if chance.random() < 0.7:
            line.append(chance.choice(WORDS))
    if chance.random() < 0.2:
        line.insert(chance.randrange(len(line) + 1), chance.choice(WORDS))
    if name in ("run", "compare", "staff", "explain", "report") and chance.random() < 0.9:
        line += ["-n", "2"]
    return line
