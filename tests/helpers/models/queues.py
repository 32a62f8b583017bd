"""Queues that several tests of closed forms are about, and Erlang's loss formula in exact arithmetic."""

import math
from fractions import Fraction

from flowsim.theory.fixed_times import MDc, Meeting
from flowsim.theory.queues import ErlangA, MMc


def exact_erlang_b(offered, servers):
    terms = [Fraction(offered) ** k / math.factorial(k) for k in range(servers + 1)]
    return terms[-1] / sum(terms)


DESKS = [MMc(rate=0.5, mean_service=1.5, servers=1), MMc(rate=2.0, mean_service=1.2, servers=3)]
IMPATIENT = [
    ErlangA(rate=0.5, mean_service=1.5, servers=1, mean_patience=2.0),
    ErlangA(rate=2.0, mean_service=1.2, servers=3, mean_patience=0.2),
    ErlangA(rate=6.0, mean_service=1.0, servers=3, mean_patience=5.0),
]
MEETINGS = [
    Meeting(rate=0.6, interval=1.0, places=1),
    Meeting(rate=4.0, interval=0.5, places=3),
    Meeting(rate=1.35, interval=7.0, places=10),
    Meeting(rate=0.4, interval=7.0, places=12),
]
FIXED = [
    MDc(rate=0.7, service=1.0, servers=1),
    MDc(rate=1.1, service=1.5, servers=2),
    MDc(rate=4.25, service=2.0, servers=10),
]
