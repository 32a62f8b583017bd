"""Tables of the five documents, transcribed a second time.

These tables were transcribed a second time, independently of data/copenhagen/facts.toml, so that a slip in either is
noticed. Figures stand as printed, also where a printed total is not the sum of its parts. Letters lost to
OCR are repaired.
"""

# File 003, Tabel 2: "Afgang til fleksjob og førtidspension". The cells of 2020, 4th quarter, are empty.
AWARDS_FLEKSJOB = {
    "2017Q1": 44,
    "2017Q2": 59,
    "2017Q3": 77,
    "2017Q4": 83,
    "2018Q1": 79,
    "2018Q2": 87,
    "2018Q3": 95,
    "2018Q4": 123,
    "2019Q1": 112,
    "2019Q2": 120,
    "2019Q3": 177,
    "2019Q4": 221,
    "2020Q1": 243,
    "2020Q2": 109,
    "2020Q3": 172,
}

AWARDS_FOERTIDSPENSION = {
    "2017Q1": 80,
    "2017Q2": 99,
    "2017Q3": 97,
    "2017Q4": 144,
    "2018Q1": 144,
    "2018Q2": 145,
    "2018Q3": 283,
    "2018Q4": 333,
    "2019Q1": 370,
    "2019Q2": 379,
    "2019Q3": 495,
    "2019Q4": 638,
    "2020Q1": 487,
    "2020Q2": 485,
    "2020Q3": 426,
}

# The row "I alt" as printed. Fleksjob 2019 is printed as 631, its quarters sum to 630.
AWARDS_PRINTED_TOTALS = {
    ("fleksjob", 2017): 263,
    ("fleksjob", 2018): 384,
    ("fleksjob", 2019): 631,
    ("fleksjob", 2020): 524,
    ("førtidspension", 2017): 420,
    ("førtidspension", 2018): 905,
    ("førtidspension", 2019): 1882,
    ("førtidspension", 2020): 1398,
}

# File 002, Tabel 1: status one month after a ressourceforløb that ended in 2016, without "I alt" (206).
STATUS_206 = {
    "Lønmodtagerbeskæftigelse": 11,
    "Uddannelse": 4,
    "A-dagpenge": 1,
    "Kontanthjælp": 82,
    "Uddannelseshjælp": 3,
    "Jobafklaringsforløb": 1,
    "Fleksjob": 6,
    "Ledighedsydelse": 17,
    "Førtidspension": 20,
    "Selvforsørgelse": 53,
    "Andet": 8,
}

# File 003, Tabel 4: per cent of ended ressourceforløb that are not clarified.
NON_CLARIFIED = {
    ("København", "2018Q1"): 12.7,
    ("København", "2019Q1"): 11.9,
    ("København", "2020Q1"): 10.7,
    ("Hele landet", "2018Q1"): 7.1,
    ("Hele landet", "2019Q1"): 6.9,
    ("Hele landet", "2020Q1"): 6.6,
}

# File 003, Tabel 5: status three months after the ended ressourceforløb, per cent.
STATUS_3_MONTHS = {
    ("København", 2018, "Beskæftigelse"): 1.4,
    ("København", 2019, "Beskæftigelse"): 0.7,
    ("København", 2018, "Fleksjob"): 10.5,
    ("København", 2019, "Fleksjob"): 8.6,
    ("København", 2018, "Førtidspension"): 53.5,
    ("København", 2019, "Førtidspension"): 64.2,
    ("Hele landet", 2018, "Beskæftigelse"): 3.0,
    ("Hele landet", 2019, "Beskæftigelse"): 2.8,
    ("Hele landet", 2018, "Fleksjob"): 13.7,
    ("Hele landet", 2019, "Fleksjob"): 13.3,
    ("Hele landet", 2018, "Førtidspension"): 55.5,
    ("Hele landet", 2019, "Førtidspension"): 58.0,
}

# File 003, Tabel 1: long-term activity-ready recipients of kontanthjælp, (per cent, count).
LONG_TERM = {
    2018: (64, 7148),
    2019: (61, 6046),
    2020: (59, 5028),
}

# File 003, prose under "Antallet af udsatte går i den rigtige retning": where the 18,000 went, per cent,
# each "ca.". They sum to 87.
EXITS_2015_2019 = {
    "førtidspension": 6,
    "fleksjob": 6,
    "ressourceforløb": 19,
    "kontanthjælp": 24,
    "job/uddannelse": 19,
    "selvforsørget": 13,
}

# File 004, Tabel 1: (number of the initiative, label, mio. kr.), one per leaf line. Where the line itself is
# only a part ("BIF", "heraf SOF"), the label has the line it belongs to before the colon. Total: 16.7.
BUDGET_2017 = [
    (2, "Kompetenceudvikling af medarbejdere - styrket kommunikation og god borgerservice", 0.3),
    (3, "Ressourcer til sagsbehandlere (BIF)", 6.5),
    (3, "Lægeerklæringer og anden lægefaglig bistand", 5.0),
    (3, "Ressourcer til sagsbehandlere (SOF)", 0.4),
    (3, "Flere rehabiliteringsteammøder: heraf BIF / regionen", 1.1),
    (3, "Flere rehabiliteringsteammøder: heraf SOF", 0.2),
    (3, "Flere rehabiliteringsteammøder: heraf SUF", 0.1),
    (4, "Fokus på fremdrift i ressourceforløbsager: BIF", 1.8),
    (4, "Fokus på fremdrift i ressourceforløbsager: SOF", 0.4),
    (5, "Kompetenceudvikling i forbindelse med bedre funktionsbeskrivelser: BIF", 0.3),
    (5, "Kompetenceudvikling i forbindelse med bedre funktionsbeskrivelser: SOF", 0.3),
    (6, "Task force", 0.3),
]

# File 000, Tabel 3: decisions on fleksjob by Ankestyrelsen in 2016,
# (afgjorte sager i alt, stadfæstelse, ændring, hjemvisning, afvisning/henvisning).
APPEALS_2016 = {
    "Hele landet": (131, 96, 8, 16, 11),
    "København": (29, 28, 0, 0, 1),
    "Brøndby": (1, 1, 0, 0, 0),
    "Albertslund": (1, 1, 0, 0, 0),
    "Høje-Taastrup": (2, 0, 0, 1, 1),
    "Ishøj": (0, 0, 0, 0, 0),
    "Vallensbæk": (1, 1, 0, 0, 0),
    "Lolland": (1, 1, 0, 0, 0),
}

# File 002, answer to question 2: fleksjob or fastholdelsesfleksjob, (granted, refused).
# The same answer later says 39 where it first says 38 refusals in 2016.
GRANTS_REFUSALS = {
    2015: (142, 35),
    2016: (190, 38),
}
