"""The rules that both engines share, and the compiled event loop that runs a pathway on them.

A random draw is a function of its address: (seed, word of its date; entry and index of the citizen, state, visit,
purpose). The word is the replication's number, and from a fork on that of a future. Nothing here has a state of its
own, and every transform of a draw exists once.

All jitted code of the engine stands in this file: numba's cache stamps a function by its own file alone, so a
loop that called a rule in another file would go on running yesterday's rule.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from flowsim.simulation.engine.addressed import by_address
from flowsim.simulation.engine.compiler import (
    EMPIRICAL,
    EXPONENTIAL,
    FIRST,
    FIRST_BY_RANK,
    FIXED,
    GIVEN,
    GRID_EDGE,
    LAST,
    MIXTURE,
    POISSON,
    RANDOM,
    RENEWAL,
    RESAMPLE,
    RESUME,
    STOCK,
    WEIBULL,
    Model,
)
from flowsim.simulation.engine.luck import Luck
from flowsim.simulation.engine.machine_code import cached
from flowsim.simulation.engine.steps import compiled_rule, compiled_step
from flowsim.simulation.engine.trace import NEVER

__all__ = [
    "ACCOUNT",
    "AT_DOOR",
    "CHANGE",
    "CHUNKS",
    "CITIZEN",
    "CUT",
    "DESK",
    "FREE",
    "FREE_CHUNK",
    "HEAP",
    "LATEST",
    "LIMIT",
    "LINE",
    "MOST_AT_ONCE",
    "MOST_BUCKETS",
    "MOST_OPEN",
    "NOW",
    "OPEN",
    "ROOM",
    "SOME",
    "TO_COME",
    "USED",
    "VISITS",
    "WANTED",
    "WIDER",
    "RunState",
    "count_events",
    "list_events",
    "put_events",
    "put_in_order",
    "put_renumbered",
    "run_loop",
    "take_up",
    "tally",
]

# The rules allocate nothing, so they need none of numba's reference counts, which would cost more than the work. Short
# ones, and those of nearly every visit, are inlined wherever they are called; the others where LLVM finds that worth
# it. That has to be said of these too: numba takes the options of whoever calls where one is left open, and a loop in
# which all is inlined takes twice as long to compile and runs no faster.
_rule: Any = compiled_rule(_nrt=False, forceinline=True)
_long_rule: Any = compiled_rule(_nrt=False, forceinline=False)
_step: Any = compiled_step(_nrt=False, forceinline=True)
_long_step: Any = compiled_step(_nrt=False, forceinline=False)
_freely: Any = cached(_nrt=False, nogil=True)
_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_U32, _U12, _U0 = np.uint64(32), np.uint64(12), np.uint64(0)


def mulhi(a: Any, b: Any) -> Any:
    """Return the upper 64 bits of the 128-bit product of two uint64."""
    return np.uint64((int(a) * int(b)) >> 64)


@intrinsic
def _mulhi(typing_context: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@overload(mulhi)
def _compiled_mulhi(a, b):
    return lambda a, b: _mulhi(a, b)


@_rule
def philox(key0, key1, c0, c1, c2, c3):
    """Return the four uint64 of the Philox4x64-10 block at a counter, as NumPy's Philox gives them.

    Source: Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3.
    """
    for _ in range(10):
        high0, low0 = mulhi(_M0, c0), _M0 * c0
        high1, low1 = mulhi(_M1, c2), _M1 * c2
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0, key1 = key0 + _W0, key1 + _W1
    return c0, c1, c2, c3


@_rule
def uniform(word):
    """Return a float in the open interval (0, 1) from the upper 52 bits of a uint64.

    Of 53 bits the greatest would round up to 1.
    """
    return (np.float64(word >> _U12) + 0.5) * 2.220446049250313e-16


@_rule
def period_of(luck, when):
    """Return how many forks lie at or before a tick."""
    period = 0
    while period < len(luck.forks) and luck.forks[period] <= when:
        period += 1
    return period


@_rule
def word_at(luck, when):
    """Return the word of luck at a tick: of the history before the first fork, then of a future."""
    return luck.words[period_of(luck, when)]


@_rule
def index_of(begins, entry, n):
    """Return the index of the n-th citizen of a door: in the upper 32 bits the period that she comes in, then a count.

    `begins` holds how many come before each period, shape (entries, periods), so that the first of a future has the
    same address in all histories.
    """
    period = begins.shape[1] - 1
    while period > 0 and begins[entry, period] > n:
        period -= 1
    return (np.int64(period) << 32) | (n - begins[entry, period])


@_rule
def citizen_block(m, seed, word, entry, index):
    """Return the uniform of a citizen's arrival: the gap before her, or the time that has elapsed for her."""
    bits, _, _, _ = philox(seed, word, m.entries[entry].key, np.uint64(index), _U0, _U0)
    return uniform(bits)


@_long_rule
def group_offset(m, luck, entry, index):
    """Return how far the states of a citizen's group lie from those of the first: her categories, drawn at entry."""
    offset = np.int64(0)
    for trait in range(m.entries[entry].trait, m.entries[entry].trait_end):
        # No state has the address 0 in its place.
        bits, _, _, _ = philox(
            luck.seed, luck.words[index >> 32], m.entries[entry].key, np.uint64(index), _U0, m.traits[trait].key
        )
        share = m.traits[trait].share
        while m.shares[share].upto < uniform(bits):
            share += 1
        offset += m.shares[share].to
    return offset


@_rule
def visit_block(m, seed, word, entry, index, state, visit):
    """Return the uniforms of the n-th visit of a citizen to a state: stay, patience, route."""
    a, b, c, _ = philox(
        seed, word, m.entries[entry].key, np.uint64(index), m.states[state].key, np.uint64(visit) << _U32
    )
    return uniform(a), uniform(b), uniform(c)


@_rule
def baulk_draw(m, seed, word, entry, index, state, visit):
    """Return the uniform of whether a citizen baulks at her n-th visit to a state."""
    _, _, _, d = philox(
        seed, word, m.entries[entry].key, np.uint64(index), m.states[state].key, np.uint64(visit) << _U32
    )
    return uniform(d)


@_rule
def baulk_share(m, state, waiting):
    """Return the probability that a citizen baulks where so many wait already."""
    share = 0.0
    for row in range(m.queuing[state].baulk, m.queuing[state].baulk_end):
        if m.baulks[row].waiting <= waiting:
            share = m.baulks[row].share
    return share


@_rule
def lot(m, seed, word, entry, index, state, now):
    """Return the uniform of a citizen who waits in a state at a tick: whoever has the least is next there."""
    # No visit has an address with the complement of a state in its place.
    bits, _, _, _ = philox(seed, word, m.entries[entry].key, np.uint64(index), ~m.states[state].key, np.uint64(now))
    return uniform(bits)


@_rule
def exit_block(m, seed, word, entry, index, state, visit, x):
    """Return the uniform of one competing exit of a visit."""
    bits, _, _, _ = philox(
        seed,
        word,
        m.entries[entry].key,
        np.uint64(index),
        m.states[state].key,
        (np.uint64(visit) << _U32) | m.exits[x].key,
    )
    return uniform(bits)


# A C library's own differ in the last bit from one library, processor and version to the next, and with them the ticks
# of some stays. These are of + - * alone, with tables that are correctly rounded, so they are the same everywhere.


def bits_of(x: Any) -> Any:
    """Return the 64 bits of a float as an int64."""
    return int(np.float64(x).view(np.int64))


def float_of(bits: Any) -> Any:
    """Return the float of 64 bits."""
    return float(np.int64(bits).view(np.float64))


@intrinsic
def _bits_of(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _float_of(typing_context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@overload(bits_of)
def _compiled_bits_of(x):
    return lambda x: _bits_of(x)


@overload(float_of)
def _compiled_float_of(bits):
    return lambda bits: _float_of(bits)


def _split(value: Decimal, bits: int) -> tuple[float, float]:
    """Return a decimal as a multiple of 2**-bits, and the rest."""
    high = float(round(value * 2**bits)) / 2.0**bits
    return high, float(value - Decimal(high))


def _tables() -> tuple[Any, ...]:
    """Return the split logarithm of 2 and its 128th part, and the tables of `_log_parts` and `_exp_of_sum`."""
    with localcontext() as context:
        context.prec = 60
        two = Decimal(2).ln()
        logs, powers = np.empty((128, 3)), np.empty((128, 2))
        for i in range(128):
            # The middle of a 128th of [1, 2), of which the upper part is halved, and nearly its reciprocal. Beside 1
            # this is 1, so that logarithms near 0 are as exact as others.
            middle = (257 + 2 * i) / (256 if i < _HALVED else 512)
            reciprocal = 1.0 if i in (0, 127) else round(1024 / middle) / 1024
            logs[i] = (reciprocal, *_split(-Decimal(reciprocal).ln(), 42))
            power = (two / 128 * i).exp()
            powers[i] = float(power), float(power - Decimal(float(power)))
        return *_split(two, 42), *_split(two / 128, 38), float(128 / two), logs, powers


_HALVED = 53  # the first 128th of [1, 2) that lies beyond the root of 2
_LOG2, _LOG2_REST, _STEP, _STEP_REST, _STEPS, _LOGS, _POWERS = _tables()
_FRACTION, _UPPER_HALF = 2**52 - 1, -(2**21)
_SMALLEST, _TINY, _HUGE = 2.0**-1022, 2.0**-200, 2.0**54


@_rule
def _log_parts(x):
    """Return the logarithm of a normal float as a sum of two, the second one much smaller.

    Tang (1990), Table-driven implementation of the logarithm function: x = 2**k z and log z = log1p(c z - 1) - log c,
    where c has so few bits that c z - 1 is exact in two parts.
    """
    bits = bits_of(x)
    i = (bits >> 45) & 127
    halved = np.int64(i >= _HALVED)
    k = (bits >> 52) - 1023 + halved
    bits = (bits & _FRACTION) | ((1023 - halved) << 52)
    z, z_upper = float_of(bits), float_of(bits & _UPPER_HALF)
    upper = z_upper * _LOGS[i, 0] - 1.0
    lower = (z - z_upper) * _LOGS[i, 0]
    r = upper + lower
    rest = (upper - r) + lower
    r2 = r * r
    series = r2 * (-0.5 + r * (1 / 3) + r2 * ((-0.25 + r * 0.2) + r2 * ((-1 / 6 + r * (1 / 7)) - r2 * 0.125)))
    large = k * _LOG2 + _LOGS[i, 1]
    total = large + r
    return total, ((k * _LOG2_REST + _LOGS[i, 2] + rest) + ((large - total) + r)) + series


@_rule
def log(x):
    """Return the natural logarithm of a number of at least 0, to 0.52 units in the last place."""
    if x < _SMALLEST:
        if x <= 0.0:
            return -math.inf
        large, small = _log_parts(x * _HUGE)
        return large + (small - 54 * _LOG2)
    if x == math.inf:
        return math.inf
    large, small = _log_parts(x)
    return large + small


@_rule
def _exp_of_sum(x, more):
    """Return the exponential of x + more, the latter much smaller.

    Tang (1989), Table-driven implementation of the exponential function: exp(n log(2) / 128 + r).
    """
    if x > 709.79:
        return math.inf
    if x < -746.0:
        return 0.0
    n = np.int64(math.floor(x * _STEPS + 0.5))
    r = ((x - n * _STEP) - n * _STEP_REST) + more
    r2 = r * r
    series = r + r2 * (0.5 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120)))
    i, exponent = n & 127, n >> 7
    power = _POWERS[i, 0] + (_POWERS[i, 1] + _POWERS[i, 0] * series)
    if exponent > 1022:
        return power * float_of((exponent + 1022) << 52) * 2.0
    if exponent < -1022:
        return power * float_of((exponent + 1223) << 52) * _TINY
    return power * float_of((exponent + 1023) << 52)


@_rule
def exp(x):
    """Return the exponential of a number, to 0.52 units in the last place."""
    return _exp_of_sum(x, 0.0)


@_rule
def _halves(x):
    """Return a float as the sum of two of half its bits (Veltkamp)."""
    much = 134217729.0 * x
    upper = much - (much - x)
    return upper, x - upper


@_rule
def power(x, y):
    """Return x ** y for x of at least 0 and y above 0, to 0.6 units in the last place."""
    if x < _SMALLEST or x == math.inf:
        return 0.0 if x < 1.0 else math.inf
    large, small = _log_parts(x)
    total = large + small
    small = (large - total) + small
    product = y * total
    (y1, y2), (t1, t2) = _halves(y), _halves(total)
    error = ((y1 * t1 - product) + y1 * t2 + y2 * t1) + y2 * t2  # of the product, exactly (Dekker)
    return _exp_of_sum(product, error + y * small)


@_rule
def _hermite(m, law, y):
    """Interpolate the log quantile at logit `y` in the table of a law."""
    low, last = m.laws[law].point, m.laws[law].point_end - 1
    place = (y + GRID_EDGE) * m.laws[law].b
    if place <= 0.0:
        return m.points[low].x
    if place >= last - low:
        return m.points[last].x
    i = int(place)
    t = place - i
    x0, x1 = m.points[low + i].x, m.points[low + i + 1].x
    d0, d1 = m.points[low + i].y, m.points[low + i + 1].y
    step = x1 - x0
    return x0 + t * (d0 + t * (3.0 * step - 2.0 * d0 - d1 + t * (d0 + d1 - 2.0 * step)))


@_rule
def _part_of_mixture(m, law, u):
    """Return the law of a mixture that `u` falls to, and which part of its share `u` is."""
    row = m.laws[law].point
    before = 0.0
    while m.points[row].x < u:
        before = m.points[row].x
        row += 1
    return np.int64(m.points[row].y), (u - before) / (m.points[row].x - before)


@_rule
def law_quantile(m, law, u):
    """Return the duration that lasts longer with probability `u`, in ticks; of a mixture, a draw by `u`."""
    if m.laws[law].kind == MIXTURE:
        law, u = _part_of_mixture(m, law, u)
    kind = m.laws[law].kind
    if kind == FIXED:
        return m.laws[law].a
    if kind == EXPONENTIAL:
        return -m.laws[law].a * log(u)
    if kind == WEIBULL:
        return m.laws[law].a * power(-log(u), m.laws[law].b)
    low = m.laws[law].point
    if kind == EMPIRICAL:
        while m.points[low].y > u:
            low += 1
        return m.points[low].x
    # The logit runs against the survival probability: a long duration is an improbable one.
    return exp(_hermite(m, law, log((1.0 - u) / u)))


@_long_rule
def _survival_of_part(m, law, x):
    """Return the probability of a duration longer than `x` ticks, of a law that is no mixture."""
    kind = m.laws[law].kind
    if x < 0.0:
        return 1.0
    if kind == FIXED:
        return 1.0 if x < m.laws[law].a else 0.0
    if kind == EXPONENTIAL:
        return exp(-x / m.laws[law].a)
    if kind == WEIBULL:
        return exp(-power(x / m.laws[law].a, 1.0 / m.laws[law].b))
    low, high = m.laws[law].point, m.laws[law].point_end
    if kind == EMPIRICAL:
        more = 1.0
        while low < high and m.points[low].x <= x:
            more = m.points[low].y
            low += 1
        return more
    if x <= exp(m.points[low].x):
        return 1.0
    left, right = -GRID_EDGE, GRID_EDGE
    for _ in range(60):
        middle = 0.5 * (left + right)
        if _hermite(m, law, middle) < log(x):
            left = middle
        else:
            right = middle
    return 1.0 / (1.0 + exp(0.5 * (left + right)))


@_long_rule
def survival(m, law, x):
    """Return the probability of a duration longer than `x` ticks."""
    if m.laws[law].kind != MIXTURE:
        return _survival_of_part(m, law, x)
    before = alive = 0.0
    for row in range(m.laws[law].point, m.laws[law].point_end):
        alive += (m.points[row].x - before) * _survival_of_part(m, np.int64(m.points[row].y), x)
        before = m.points[row].x
    return alive


@_long_rule
def residual(m, law, u, elapsed):
    """Return what is left of a duration that has lasted `elapsed` ticks: the quantile at u times survival."""
    if elapsed <= 0.0 or m.laws[law].kind == EXPONENTIAL:
        return law_quantile(m, law, u)
    if m.laws[law].kind == FIXED:
        return max(m.laws[law].a - elapsed, 0.0)
    alive = survival(m, law, elapsed)
    if alive <= 0.0:
        return 0.0
    left = u * alive
    if m.laws[law].kind == MIXTURE:
        # Those of a law's share who have lasted so long stand for it.
        row, before = m.laws[law].point, 0.0
        share = m.points[row].x * _survival_of_part(m, np.int64(m.points[row].y), elapsed)
        while left > share and row + 1 < m.laws[law].point_end:
            left -= share
            before = m.points[row].x
            row += 1
            share = (m.points[row].x - before) * _survival_of_part(m, np.int64(m.points[row].y), elapsed)
        left /= m.points[row].x - before
        law = np.int64(m.points[row].y)
    return max(law_quantile(m, law, left) - elapsed, 0.0)


@_rule
def half_up(x):
    """Round an exact float number of ticks half up."""
    return np.int64(math.floor(x + 0.5))


@_rule
def _in_force(table, first, last, when):
    """Return the row of the last step that is not after `when`."""
    row = first
    while row + 1 < last and table[row + 1].since <= when:
        row += 1
    return row


@_rule
def hazard_time(m, x, start, since, area, enough):
    """Return the ticks from `start` until the cumulative hazard of exit `x` reaches `area`, or infinity.

    The hazard is constant between the dates of its rate and the steps of the time spent since `since`. The search
    ends where the answer would exceed `enough`, or lies beyond the horizon.
    """
    first, last = m.exits[x].hazard, m.exits[x].hazard_end
    spent_first, spent_last = m.exits[x].spent, m.exits[x].spent_end
    t = start
    i = _in_force(m.hazards, first, last, t)
    j = _in_force(m.spents, spent_first, spent_last, t - since)
    while t < m.horizon and t - start <= enough:
        until = m.hazards[i + 1].since if i + 1 < last else math.inf
        until_spent = since + m.spents[j + 1].since if j + 1 < spent_last else math.inf
        nearer = min(until, until_spent)
        rate = m.hazards[i].rate * m.spents[j].factor
        if rate > 0.0:
            gained = rate * (nearer - t)
            if area <= gained:
                return t + area / rate - start
            area -= gained
        t = nearer
        if until <= nearer:
            i += 1
        if until_spent <= nearer:
            j += 1
    return math.inf


@_rule
def stay(m, luck, entry, index, state, visit, u, start, since, elapsed):
    """Return how long a stay lasts from `start`, a float of ticks, and where a race sends her (-1: by shares).

    `elapsed` is what has passed of the stay already, for a citizen who is there at the start.
    """
    first, last = m.states[state].exit, m.states[state].exit_end
    if first == last:
        row = _in_force(m.stays, m.states[state].stay, m.states[state].stay_end, start)
        return residual(m, m.stays[row].law, u, elapsed), np.int64(-1)
    soonest, to = math.inf, m.exits[first].to
    word = word_at(luck, start)
    for x in range(first, last):
        draw = exit_block(m, luck.seed, word, entry, index, state, visit, x)
        # Its hazard is never greater than this, and -log(draw) never less than 1 - draw.
        if 1.0 - draw > m.exits[x].greatest * soonest:
            continue
        if m.exits[x].law >= 0:
            length = residual(m, m.exits[x].law, draw, elapsed)
        else:
            length = hazard_time(m, x, float(start), float(since), -log(draw), soonest)
        if length < soonest:
            soonest, to = length, m.exits[x].to
    if len(luck.forks) > 0:
        return _stay_past_forks(m, luck, entry, index, state, visit, start, since, elapsed, soonest, to)
    return soonest, to


@_long_step
def _stay_past_forks(m, luck, entry, index, state, visit, start, since, elapsed, soonest, to):
    """Return when and where a race ends that would have been won after `soonest` ticks, had there been no fork."""
    fork = period_of(luck, start)
    while fork < len(luck.forks) and start + soonest >= luck.forks[fork]:
        soonest, to = _stay_past_fork(m, luck, entry, index, state, visit, start, since, elapsed, fork)
        fork += 1
    return soonest, to


@_long_step
def _stay_past_fork(m, luck, entry, index, state, visit, start, since, elapsed, fork):
    """Return when and where a race ends that goes on past a fork, had there been no later one.

    A hazard has no memory, so at a fork what is left of it is drawn anew; an exit after a time keeps its draw.
    """
    first, last = m.states[state].exit, m.states[state].exit_end
    at = float(luck.forks[fork])
    passed, soonest, to = at - start, math.inf, m.exits[first].to
    for x in range(first, last):
        if m.exits[x].law >= 0:
            draw = exit_block(m, luck.seed, word_at(luck, start), entry, index, state, visit, x)
            length = residual(m, m.exits[x].law, draw, elapsed)
        else:
            draw = exit_block(m, luck.seed, luck.words[fork + 1], entry, index, state, visit, x)
            if 1.0 - draw > m.exits[x].greatest * (soonest - passed):
                continue
            length = passed + hazard_time(m, x, at, float(since), -log(draw), soonest - passed)
        if length < soonest:
            soonest, to = length, m.exits[x].to
    return soonest, to


@_long_rule
def queue_rank(m, luck, entry, index, state, visit, joined, now):
    """Return what a queue is ordered by within a class, the least first; ties by the citizen's number."""
    order = m.stations[m.states[state].station].order
    if order in (FIRST, FIRST_BY_RANK, RANDOM):
        return float(joined)
    if order == LAST:
        return -float(joined)
    u, _, _ = visit_block(m, luck.seed, word_at(luck, now), entry, index, state, visit)
    row = _in_force(m.stays, m.states[state].stay, m.states[state].stay_end, now)
    return law_quantile(m, m.stays[row].law, u)


@_long_rule
def begun_anew(m, luck, entry, index, state, visit, times, now):
    """Return how long a stay lasts that begins anew after so many interruptions, and the uniform of its way out."""
    # Exits of a race have these addresses, and a state whose stays are interrupted has no race.
    address = (np.uint64(visit) << _U32) | np.uint64(times)
    a, _, c, _ = philox(
        luck.seed, word_at(luck, now), m.entries[entry].key, np.uint64(index), m.states[state].key, address
    )
    row = _in_force(m.stays, m.states[state].stay, m.states[state].stay_end, now)
    return law_quantile(m, m.stays[row].law, uniform(a)), uniform(c)


@_rule
def route(m, state, when, u):
    """Return the state that a citizen goes to who leaves `state` at tick `when`, by the shares then in force."""
    row = _in_force(m.routes, m.states[state].route, m.states[state].route_end, when)
    share = m.routes[row].share
    while m.shares[share].upto < u:
        share += 1
    return m.shares[share].to


@_long_rule
def answered(m, change, amount, waits):
    """Return how many places a station gives at a change that has `amount` by date, as it answers its wait.

    `waits` holds of each change up to now how long the first in the queue had waited then, in ticks.
    """
    row, observed = m.changes[change].feedback, m.changes[change].observed
    if row < 0 or observed < 0:
        return amount
    factor = 1.0 + m.feedbacks[row].gain * (waits[observed] / m.feedbacks[row].goal - 1.0)
    factor = min(max(factor, m.feedbacks[row].least), m.feedbacks[row].most)
    if factor > 1.0:
        return min(amount * factor, max(m.feedbacks[row].limit, amount))
    return amount * factor


@_long_rule
def servers(m, change, waits):
    """Return the servers of a station from a change of its capacity on."""
    capacity = m.changes[change].capacity
    if m.changes[change].feedback < 0:
        return capacity
    amount = answered(m, change, float(capacity), waits)
    return np.int64(math.floor(amount + 1e-9 + 1e-12 * amount))


@_long_rule
def places(m, change, bound, carried, present, waits):
    """Return the places that one party allows at a meeting, and keep the fraction in `carried`.

    `present` counts the citizens now in each state, those in a queue included; `waits` is what `answered` reads.
    """
    amount = m.bounds[bound].amount
    if m.bounds[bound].case > 0.0:
        for f in range(m.bounds[bound].follow, m.bounds[bound].follow_end):
            amount -= m.follows[f].ticks * present[m.follows[f].state]
        amount = max(amount, 0.0) / m.bounds[bound].case
    amount = answered(m, change, amount, waits)
    party = m.bounds[bound].party
    # Ten times 0.7 adds up to a little less than 7: what lacks no more than rounding may have taken is a whole place,
    # and the carried fraction says how much of it was lent.
    slack = 1e-9 + 1e-12 * amount
    amount += carried[party]
    whole = max(np.int64(math.floor(amount + slack)), np.int64(0))
    carried[party] = amount - whole
    return whole


def arrival_ticks(m: Any, luck: Any, entry: int) -> tuple[Any, Any]:
    """Return the ticks at which citizens come by a door, in order, and how many come before each period.

    Citizens who are there at the start have tick -1. Those of a batch come at one tick. Its size is drawn with the luck
    of that tick, at the address of the arrival, so that other sizes move no arrival. Not compiled: what is drawn is,
    and the rest would take longer to compile than to run.

    Returns:
        Shapes (n,) and (periods,).
    """
    door = m.entries[entry]
    if door["kind"] in (POISSON, RENEWAL):
        ticks, begins = drawn_arrivals(m, luck, entry)
    else:
        ticks = np.full(door["count"], -1)
        if door["kind"] == GIVEN:
            ticks = np.floor(m.steps["since"][door["step"] : door["step_end"]] + 0.5).astype(np.int64)
            ticks = ticks[ticks < m.horizon]
        begins = np.append(0, np.searchsorted(ticks, luck.forks))
    if door["batch"] == door["batch_end"]:
        return ticks, begins
    sizes = batch_sizes(m, luck, entry, ticks, begins.reshape(1, -1))
    return np.repeat(ticks, sizes), np.append(0, np.cumsum(sizes))[begins]


@cached(nogil=True)
def batch_sizes(m, luck, entry, ticks, begins):
    """Return how many come at each arrival, by the law in force at its tick; `begins` has the shape (1, periods)."""
    out = np.empty(len(ticks), np.int64)
    for n in range(len(ticks)):
        word, index = word_at(luck, ticks[n]), np.uint64(index_of(begins, 0, n))
        _, bits, _, _ = philox(luck.seed, word, m.entries[entry].key, index, _U0, _U0)
        law = _in_force(m.batches, m.entries[entry].batch, m.entries[entry].batch_end, ticks[n])
        share = m.batches[law].share
        while m.shares[share].upto < uniform(bits):
            share += 1
        out[n] = m.shares[share].to
    return out


@cached(nogil=True)
def drawn_arrivals(m, luck, entry):
    """Return the ticks of arrivals that are drawn, those before the horizon, and how many precede each period.

    Gaps are summed as floats and rounded once. At a fork a rate has no memory and is drawn anew; a gap between regular
    arrivals keeps its draw.
    """
    renewal = m.entries[entry].kind == RENEWAL
    first, last = m.entries[entry].step, m.entries[entry].step_end
    begins, out = np.zeros(len(luck.words), np.int64), np.empty(1024, np.int64)
    n, period, row, area, total = 0, 0, first, 0.0, 0.0
    while True:
        u = citizen_block(m, luck.seed, luck.words[period], entry, (period << 32) | (n - begins[period]))
        if renewal:
            total += law_quantile(m, m.entries[entry].law, u)
        else:
            area -= log(u)
            # `area` is what the draws have used up since the start of the step `row`.
            while row + 1 < last:
                in_step = m.steps[row].rate * (m.steps[row + 1].since - m.steps[row].since)
                if area <= in_step and m.steps[row].rate > 0.0:
                    break
                area -= in_step
                row += 1
            total = math.inf
            if m.steps[row].rate > 0.0:
                total = m.steps[row].since + area / m.steps[row].rate
            if period < len(luck.forks) and total >= luck.forks[period]:
                row = _in_force(m.steps, first, last, luck.forks[period])
                area = m.steps[row].rate * (luck.forks[period] - m.steps[row].since)
                period += 1
                begins[period] = n
                continue
        if total + 0.5 >= m.horizon:
            break
        if n == len(out):
            longer = np.empty(2 * n, np.int64)
            for earlier in range(n):
                longer[earlier] = out[earlier]
            out = longer
        out[n] = half_up(total)
        n += 1
        while renewal and period < len(luck.forks) and total >= luck.forks[period]:
            period += 1
            begins[period] = n
    for later in range(period + 1, len(begins)):
        begins[later] = n
    return out[:n], begins


@_rule
def elapsed_time(m, luck, entry, index):
    """Return the ticks that have passed for a citizen who is there at the start, as a float."""
    first = m.entries[entry].step
    if first < m.entries[entry].step_end:
        return m.steps[first + index].since
    law = m.entries[entry].law
    return law_quantile(m, law, citizen_block(m, luck.seed, luck.words[0], entry, index)) if law >= 0 else 0.0


@_rule
def spent_ticks(m, entry, index, ago):
    """Return the ticks on the benefit of a citizen who is there at the start, who joined or started `ago` ticks ago."""
    first = m.entries[entry].step
    return half_up(m.steps[first + index].rate) if first < m.entries[entry].step_end else ago


def fetch_ahead(table: Any, i: Any) -> None:
    """Have the processor bring an element of a table near, for soon it is needed. Nothing else depends on it."""


@intrinsic
def _prefetch(typing_context: Any, table: Any, i: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        place = cgutils.get_item_pointer(context, builder, signature.args[0], array, [arguments[1]])
        # To be written, kept in the nearest cache, data.
        options = [ir.Constant(number, option) for option in (1, 3, 1)]
        builder.call(fetch, [builder.bitcast(place, byte), *options])
        return context.get_dummy_value()

    return types.void(table, types.intp), generate


@overload(fetch_ahead)
def _compiled_fetch_ahead(table, i):
    return lambda table, i: _prefetch(table, i)


# A row holds a citizen from her arrival until her last state, and then the next one. It fills a cache line, as all of
# her is read at every move.
CITIZEN = np.dtype(
    [
        ("due", "<i8"),  # tick of her next move; an event of hers at another tick is stale
        # her visit under way, written to the table when it ends
        ("joined", "<i8"),
        ("started", "<i8"),
        ("since", "<i8"),
        ("u_route", "<f8"),
        ("number", "<i4"),  # by entry, then by index within the entry's own stream
        ("step", "<i4"),
        ("before", "<i4"),  # neighbours in her queue; -1: none. `behind` also links the free rows
        ("behind", "<i4"),
        ("state", "<i2"),  # -1: the row is free
        ("entry", "<i2"),
        ("to", "<i2"),  # where a race sends her; or one of the four below
        # whether her patience ends after the instant that it is rounded to; or one of the three below
        ("lingers", "<i1"),
        ("looks", "<i1"),  # whether she has yet to look at how many wait, and may baulk
    ]
)
_BY_SHARES, _REFUSED, _GIVEN_UP, _BAULKED = -1, -2, -3, -4
AT_DOOR, _ADMITTED = 2, 3  # her stay has ended, and she waits for room where she goes; or there is some
_INTERRUPTED = 4  # her stay has begun, and she waits to go on with it
_WITH_THIS_INSTANT = -1  # due, once her patience ends within this instant, where the stations' turns have yet to come
TO_COME, GONE = -1, -2  # in place of the row of a citizen
LINE = np.dtype([("head", "<i8"), ("tail", "<i8")])
CUT = np.dtype(
    [
        ("left", "<i8"),  # ticks of a stay that was interrupted
        ("u_route", "<f8"),  # its draw of the way out
        ("times", "<i8"),  # how often the visit under way has been interrupted
    ]
)
DESK = np.dtype(
    [
        ("waiting", "<i8"),
        ("busy", "<i8"),
        ("capacity", "<i8"),
        ("period", "<i8"),  # the session row that is open, for servers
        ("meeting", "<i8"),  # the change that convenes it at this instant; -1: none
        ("is_due", "<i8"),
        ("queued", "<i8"),  # citizens waiting, summed over ticks until `since`
        ("since", "<i8"),
        ("expiring", "<i8"),  # of those waiting, who gives up at this instant unless she is served at it
        ("at_door", "<i8"),  # who stays where she was until there is room
        ("looking", "<i8"),  # of those waiting, who came at this instant and may baulk
    ]
)
ACCOUNT = np.dtype([("present", "<i8"), ("presence", "<i8"), ("since", "<i8")])


class RunState(NamedTuple):
    """The working tables of one replication, and where it stands: it can be left and taken up between two events."""

    luck: Luck
    bits: Any  # of an event's key that hold the citizen's number; above stands its tick, one up, for -1 is the first
    first: Any  # number of the first citizen of each entry, and their total
    begins: Any  # how many of each entry come before each period, shape (entries, periods)
    arrivals: Any  # tick, by the citizen's number
    rows: Any  # where she stands in `citizens`, by her number
    citizens: Any
    counts: Any  # visits so far to each state that can be visited twice, by her row, as bytes
    wide_counts: Any  # the same as int32, once a byte does not hold a count any more; empty until then
    cuts: Any  # by her row; empty where no station interrupts
    # of those who wait, one a queue; where states block, at doors, one a station, and of those who choose a queue, one;
    # where stations interrupt, of those served, one a queue
    lines: Any
    desks: Any  # one a station
    accounts: Any  # one a state
    carried: Any  # fraction of a place, one a party
    waits: Any  # ticks that the first in the queue had waited at each change of a station that answers its wait
    sessions: Any  # one a change; `station` -1: it did not come about
    heap: Any  # keys of the events of open buckets
    heads: Any  # of each bucket to come, where its last key stands in `chunks`; -1: it is empty
    chunks: Any  # by eight: where the last key of the chunk behind stands, then up to seven keys
    shift: Any  # of a key, to the number of its bucket
    visits: Any  # in the order in which they are written
    at: Any  # the counters below


by_address(Model)
by_address(RunState)

# FREE and FREE_CHUNK: the first free one, -1: none. OPEN: the last bucket whose events are on the heap. WANTED: the
# events of the one that it has no room for. LIMIT: of the events there are too many for, so that they are spread anew.
HEAP, VISITS, USED, FREE, _DUE, CHANGE, NOW, WIDER, OPEN, CHUNKS, FREE_CHUNK, WANTED, LIMIT = range(13)
ROOM = 6  # visits a citizen that a table has room for at first; what is not written takes no memory
# Visits in one table, just over 32 MB: such a table goes back to the system as soon as it is let go of. Smaller ones
# stay in the heap of the C library, and the visits would be held twice once they are put in order.
MOST_AT_ONCE = 700_000
LATEST = np.int64(2**63 - 1)
MOST_BUCKETS = 1 << 16
MOST_OPEN = 512  # events on the heap, before they are spread anew
SOME = 1024  # citizens at a time, and events, that there is room for at first


@_step
def _push(r, key):
    """Put an event on the list: on the heap where its bucket is open, or else into its bucket."""
    bucket = key >> r.shift
    if bucket <= r.at[OPEN]:
        _sift(r.heap, r.at[HEAP], key)
        r.at[HEAP] += 1
        return
    place = r.heads[bucket]
    if place & 7 == 7:  # its chunk is full, or -1: it has none
        chunk = r.at[FREE_CHUNK]
        if chunk >= 0:
            r.at[FREE_CHUNK] = r.chunks[chunk]
        else:
            chunk = r.at[CHUNKS]
            r.at[CHUNKS] += 8
        r.chunks[chunk] = place
        place = chunk
    r.chunks[place + 1] = key
    r.heads[bucket] = place + 1


@_step
def _sift(heap, place, key):
    """Let a key rise from a place behind the last one on the heap, which has four children a node."""
    while place > 0:
        parent = (place - 1) >> 2
        if heap[parent] <= key:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = key


@_long_step
def _open(m, r):
    """Move the events of the next bucket that has any to the heap, which is empty; False where it has no room."""
    bucket = r.at[OPEN]
    place = np.int64(-1)
    while place < 0 and bucket + 1 < len(r.heads):
        bucket += 1
        place = r.heads[bucket]
    count = 0
    while place >= 0:
        count += place & 7
        place = r.chunks[place & ~7]
    if count + 5 > len(r.heap):
        r.at[WANTED] = count
        return False
    r.at[OPEN] = bucket
    if count == 0:
        return True
    place = r.heads[bucket]
    r.heads[bucket] = -1
    count = 0
    while place >= 0:
        chunk = place & ~7
        for i in range(chunk + 1, place + 1):
            r.heap[count] = r.chunks[i]
            fetch_ahead(r.rows, _number(r.bits, r.chunks[i]))
            count += 1
        place = r.chunks[chunk]
        r.chunks[chunk] = r.at[FREE_CHUNK]
        r.at[FREE_CHUNK] = chunk
    for i in range(count):
        row = np.int64(r.rows[_number(r.bits, r.heap[i])])
        if row >= 0:
            fetch_ahead(r.citizens, row)
            fetch_ahead(r.counts, row * m.loops)
        _sift(r.heap, i, r.heap[i])
    r.at[HEAP] = count
    return True


@_step
def _pop(heap, at):
    """Take the smallest key off the heap.

    Which child is the smallest can't be foretold, so it is worked out without a branch. Behind the last key stand
    others that are never the smallest.
    """
    top = heap[0]
    at[HEAP] -= 1
    last = at[HEAP]
    key = heap[last]
    heap[last] = LATEST
    place = 0
    child = 1
    while child < last:
        left = child + np.int64(heap[child + 1] < heap[child])
        right = child + 2 + np.int64(heap[child + 3] < heap[child + 2])
        smallest = left + (right - left) * np.int64(heap[right] < heap[left])
        if heap[smallest] >= key:
            break
        heap[place] = heap[smallest]
        place = smallest
        child = 4 * place + 1
    if last > 0:
        heap[place] = key
    return top


@_step
def _number(bits, key):
    """Return the number of the citizen whose event a key is."""
    return key & ((np.int64(1) << bits) - 1)


@_step
def _tick(bits, key):
    """Return the tick of the event that a key is."""
    return (key >> bits) - 1


@_step
def _announce(m, r, number, tick):
    """Have an event of a citizen come at a tick; what falls beyond the horizon never happens."""
    if tick < m.horizon:
        _push(r, ((tick + 1) << r.bits) | number)


@_step
def _move_at(m, r, citizen, tick):
    """Have a citizen move at a tick, and not at any other that was announced before."""
    r.citizens[citizen].due = tick
    _announce(m, r, np.int64(r.citizens[citizen].number), tick)


@_step
def _mark_due(desks, at, station):
    if not desks[station].is_due:
        desks[station].is_due = 1
        at[_DUE] += 1


@_step
def _count(accounts, state, by, now):
    """Keep the account of citizens present in a state."""
    account = accounts[state]
    account.presence += account.present * (now - account.since)
    account.since = now
    account.present += by


@_step
def _count_queue(desks, station, by, now):
    """Keep the account of citizens waiting at a station."""
    desk = desks[station]
    desk.queued += desk.waiting * (now - desk.since)
    desk.since = now
    desk.waiting += by


@_step
def _link(r, citizen, line, ahead, behind):
    """Stand in a line between two neighbours, or -1 where there is none."""
    who = r.citizens[citizen]
    who.before, who.behind = ahead, behind
    if ahead >= 0:
        r.citizens[ahead].behind = citizen
    else:
        r.lines[line].head = citizen
    if behind >= 0:
        r.citizens[behind].before = citizen
    else:
        r.lines[line].tail = citizen


@_step
def _unlink(r, citizen, line):
    """Leave a line."""
    ahead, behind = r.citizens[citizen].before, r.citizens[citizen].behind
    if ahead >= 0:
        r.citizens[ahead].behind = behind
    else:
        r.lines[line].head = behind
    if behind >= 0:
        r.citizens[behind].before = ahead
    else:
        r.lines[line].tail = ahead


@_step
def _join(m, r, citizen, station, line, now):
    """Stand in a queue: behind those who joined earlier, and at one instant in the order of citizens' numbers.

    Where a station has another order, `u_route` holds her rank until her stay starts.
    """
    who = r.citizens[citizen]
    ahead, behind = r.lines[line].tail, np.int64(-1)
    if m.stations[station].order == FIRST:
        while ahead >= 0:
            other = r.citizens[ahead]
            if other.joined < who.joined or (other.joined == who.joined and other.number < who.number):
                break
            ahead, behind = np.int64(other.before), ahead
    else:
        state = np.int64(who.state)
        index, nth = index_of(r.begins, who.entry, who.number - r.first[who.entry]), _nth_visit(m, r, citizen, state)
        who.u_route = queue_rank(m, r.luck, who.entry, index, state, nth, who.joined, now)
        while ahead >= 0:
            other = r.citizens[ahead]
            if other.u_route < who.u_route or (other.u_route == who.u_route and other.number < who.number):
                break
            ahead, behind = np.int64(other.before), ahead
    _link(r, citizen, line, ahead, behind)
    _count_queue(r.desks, station, 1, now)
    if not m.stations[station].is_meeting or m.stations[station].room >= 0:
        _mark_due(r.desks, r.at, station)


@_step
def _leave_queue(m, r, citizen, station, line, now):
    _unlink(r, citizen, line)
    _count_queue(r.desks, station, -1, now)


@_step
def _stop_at_door(m, r, citizen, now):
    """Have a citizen whose stay has ended stay on where the state that she goes to takes in only whom it has room for.

    Return whether she does. Doors are queues behind all others, in the order of coming; `u_route` holds when she came.
    """
    who = r.citizens[citizen]
    if who.to == _BY_SHARES:
        who.to = route(m, np.int64(who.state), now, who.u_route)
    to = np.int64(who.to)
    if not m.queuing[to].blocks:
        return False
    station = m.states[to].station
    door = m.lines + station
    ahead, behind = r.lines[door].tail, np.int64(-1)
    who.u_route, who.lingers, who.due = float(now), AT_DOOR, m.horizon
    while ahead >= 0:
        other = r.citizens[ahead]
        if other.u_route < who.u_route or other.number < who.number:
            break
        ahead, behind = np.int64(other.before), ahead
    _link(r, citizen, door, ahead, behind)
    r.desks[station].at_door += 1
    _mark_due(r.desks, r.at, station)
    return True


@_step
def _crossing(m):
    """Return the line of those who choose a queue at this instant."""
    return m.lines + len(m.stations)


@_long_step
def _stand_at_crossing(m, r, citizen):
    """Have a citizen whose stay has ended stay on until all others have moved; they choose in the order of numbers."""
    who = r.citizens[citizen]
    ahead, behind = r.lines[_crossing(m)].tail, np.int64(-1)
    while ahead >= 0 and r.citizens[ahead].number > who.number:
        ahead, behind = np.int64(r.citizens[ahead].before), ahead
    who.due = m.horizon
    _link(r, citizen, _crossing(m), ahead, behind)


@_long_step
def _choose(m, r, now):
    """Send the first of those who choose a queue to where the fewest are, whether they wait or are served."""
    citizen = r.lines[_crossing(m)].head
    _unlink(r, citizen, _crossing(m))
    who = r.citizens[citizen]
    state, least = np.int64(who.state), LATEST
    share = m.routes[_in_force(m.routes, m.states[state].route, m.states[state].route_end, now)].share
    while True:
        station = m.states[m.shares[share].to].station
        there = r.desks[station].waiting + r.desks[station].busy
        if station == m.states[state].station and not m.stations[station].is_meeting:
            there -= 1  # herself
        if there < least:
            least, who.to = there, m.shares[share].to
        if m.shares[share].upto >= 1.0:
            break
        share += 1
    _move_at(m, r, citizen, now)


@_step
def _is_kept(m, state, station):
    """Return whether a server of a station is held in a state that follows."""
    held = False
    for row in range(m.queuing[state].keep, m.queuing[state].keep_end):
        held = held or m.keeps[row].station == station
    return held


@_step
def _let_go(m, r, state, to):
    """Free the servers that were kept in a state and are not in the next one."""
    for row in range(m.queuing[state].keep, m.queuing[state].keep_end):
        station = m.keeps[row].station
        if not _is_kept(m, to, station):
            r.desks[station].busy -= 1
            _mark_due(r.desks, r.at, station)


@_step
def _nth_visit(m, r, citizen, state):
    """Return how many visits to a state a citizen has behind her, the one under way not counted."""
    loop = m.states[state].loop
    if loop < 0:
        return np.int64(0)
    if len(r.wide_counts) > 0:
        return np.int64(r.wide_counts[citizen * m.loops + loop]) - 1
    return np.int64(r.counts[citizen * m.loops + loop]) - 1


@_step
def _count_visit(m, r, citizen, loop):
    if len(r.wide_counts) > 0:
        r.wide_counts[citizen * m.loops + loop] += 1
        return
    count = np.int64(r.counts[citizen * m.loops + loop]) + 1
    r.counts[citizen * m.loops + loop] = count
    if count == 255:
        r.at[WIDER] = 1


@_step
def _served(m, r, line):
    """Return the line of those of a queue whose stays are under way, in the order in which they began or went on."""
    return len(r.lines) - m.lines + line


@_long_step
def _be_served(m, r, citizen, line):
    """Stand behind those of a queue whose stays are under way."""
    if r.citizens[citizen].lingers != _INTERRUPTED:
        r.cuts[citizen].times = 0
    _link(r, citizen, _served(m, r, line), r.lines[_served(m, r, line)].tail, np.int64(-1))


@_long_step
def _end_served(m, r, citizen, line):
    """Leave those of a queue whose stays are under way."""
    _unlink(r, citizen, _served(m, r, line))


@_step
def _begin(m, r, citizen, now, ago, elapsed):
    """Start the stay of the visit under way, `ago` ticks back for one who is there at the start."""
    who = r.citizens[citizen]
    state = np.int64(who.state)
    index = index_of(r.begins, who.entry, who.number - r.first[who.entry])
    nth = _nth_visit(m, r, citizen, state)
    u_stay = 0.0
    # A race draws for its exits alone, and where a stay and the way out are certain there is nothing to draw.
    who.u_route = 0.0
    if m.states[state].exit == m.states[state].exit_end and not m.states[state].is_certain:
        word = word_at(r.luck, now)
        u_stay, _, who.u_route = visit_block(m, r.luck.seed, word, who.entry, index, state, nth)
    length, to = stay(m, r.luck, who.entry, index, state, nth, u_stay, now, who.since, elapsed)
    who.started, who.to = now - ago, to
    if length + 0.5 < m.horizon - now:
        _move_at(m, r, citizen, now + half_up(length))
    else:
        who.due = m.horizon


@_step
def _expire(r, citizen, station):
    """Have a citizen give up at this instant, unless she is served when her station's turn comes."""
    r.citizens[citizen].due = _WITH_THIS_INSTANT
    r.desks[station].expiring += 1
    _mark_due(r.desks, r.at, station)


@_step
def _enter(m, r, citizen, state, since, now):
    """Enter a state: open a visit, then end here, queue, or start the stay."""
    who = r.citizens[citizen]
    place = m.states[state]
    stock = who.state < 0 and m.entries[who.entry].kind == STOCK
    index = index_of(r.begins, who.entry, who.number - r.first[who.entry])
    elapsed, ago = 0.0, np.int64(0)
    if stock:
        elapsed = elapsed_time(m, r.luck, who.entry, index)
        ago = half_up(elapsed)
        since = now - spent_ticks(m, who.entry, index, ago)
    if place.loop >= 0:
        _count_visit(m, r, citizen, place.loop)
    who.state, who.joined, who.started, who.since, who.due = state, now - ago, NEVER, since, m.horizon
    _count(r.accounts, state, 1, now)
    if place.is_final:
        who.started = now - ago
        _write(m, r, citizen, -1, NEVER)
        _part(r, citizen)
        return
    if stock and m.keeping:
        for row in range(m.queuing[state].keep, m.queuing[state].keep_end):
            r.desks[m.keeps[row].station].busy += 1
    if place.station >= 0:
        if not stock or m.entries[who.entry].waiting:
            _join(m, r, citizen, place.station, place.line, now)
            if m.queuing[state].baulks_to >= 0 and not stock:
                who.looks = 1
                r.desks[place.station].looking += 1
                _mark_due(r.desks, r.at, place.station)
            if place.patience >= 0:
                nth = _nth_visit(m, r, citizen, state)
                word = word_at(r.luck, now)
                _, u_patience, _ = visit_block(m, r.luck.seed, word, who.entry, index, state, nth)
                patience = residual(m, place.patience, u_patience, elapsed)
                # Rounded down, it ends after the servers that come free at that tick; at the tick exactly, before.
                who.lingers = patience + 0.5 < m.horizon and patience > half_up(patience)
                if patience + 0.5 < 1.0:
                    _expire(r, citizen, place.station)
                elif patience + 0.5 < m.horizon - now:
                    _move_at(m, r, citizen, now + half_up(patience))
            return
        if not m.stations[place.station].is_meeting:
            r.desks[place.station].busy += 1
            if m.stations[place.station].interrupts:
                _be_served(m, r, citizen, place.line)
    _begin(m, r, citizen, now, ago, elapsed)


@_step
def _write(m, r, citizen, to, ended):
    """Write the visit under way to the table."""
    who = r.citizens[citizen]
    visit = r.visits[r.at[VISITS]]
    r.at[VISITS] += 1
    visit.citizen, visit.step, visit.state, visit.next = who.number, who.step, who.state, to
    visit.visit = _nth_visit(m, r, citizen, np.int64(who.state))
    visit.joined, visit.started, visit.ended, visit.since = who.joined, who.started, ended, who.since
    who.step += 1


@_step
def _leave(m, r, citizen, now):
    """End the visit under way, whether it was served, refused or given up; return where she goes."""
    who = r.citizens[citizen]
    state, to = np.int64(who.state), np.int64(who.to)
    place = m.states[state]
    if to == _REFUSED:
        to, who.to = place.refused_to, _BY_SHARES
    elif to == _GIVEN_UP:
        to, who.to = place.reneges_to, _BY_SHARES
    elif to == _BAULKED:
        to, who.to = np.int64(m.queuing[state].baulks_to), _BY_SHARES
    elif who.started == NEVER:
        _leave_queue(m, r, citizen, place.station, place.line, now)
        if r.desks[place.station].at_door > 0:  # for whom there is room now
            _mark_due(r.desks, r.at, place.station)
        to = place.reneges_to
    else:
        if to == _BY_SHARES:
            to = route(m, state, now, who.u_route)
        else:
            who.to = _BY_SHARES  # where a race has sent her says nothing of the next wait
        if (
            place.station >= 0
            and not m.stations[place.station].is_meeting
            and not (m.keeping and _is_kept(m, to, place.station))
        ):
            r.desks[place.station].busy -= 1
            _mark_due(r.desks, r.at, place.station)
            if m.stations[place.station].interrupts:
                _end_served(m, r, citizen, place.line)
    if m.keeping:
        _let_go(m, r, state, to)
    _write(m, r, citizen, to, now)
    _count(r.accounts, state, -1, now)
    return to


@_step
def _arrive(m, r, number):
    """Give a citizen a row, and announce the next one of her entry; return the row."""
    entry = 0
    while r.first[entry + 1] <= number:
        entry += 1
    citizen = r.at[FREE]
    if citizen >= 0:
        r.at[FREE] = r.citizens[citizen].behind
    else:
        citizen = r.at[USED]
        r.at[USED] += 1
    if len(r.wide_counts) > 0:
        r.wide_counts[citizen * m.loops : (citizen + 1) * m.loops] = 0
    else:
        r.counts[citizen * m.loops : (citizen + 1) * m.loops] = 0
    who = r.citizens[citizen]
    who.number, who.entry, who.state, who.step, who.to = number, entry, -1, 0, _BY_SHARES
    who.lingers = who.looks = 0  # or whatever lay in memory there
    r.rows[number] = citizen
    if number + 1 < r.first[entry + 1]:
        _announce(m, r, number + 1, r.arrivals[number + 1])
    return citizen


@_step
def _part(r, citizen):
    """Free the row of a citizen whose state from now on never changes."""
    who = r.citizens[citizen]
    r.rows[who.number] = GONE
    who.state, who.behind = -1, r.at[FREE]
    r.at[FREE] = citizen


@_step
def _move(m, r, number, now):
    """Arrive, or go from one state to the next."""
    citizen, since = np.int64(r.rows[number]), now
    if citizen == TO_COME:
        citizen = _arrive(m, r, number)
        entry = np.int64(r.citizens[citizen].entry)
        to = m.entries[entry].to
        if m.entries[entry].trait < m.entries[entry].trait_end:
            to += group_offset(m, r.luck, entry, index_of(r.begins, entry, number - r.first[entry]))
    else:
        who = r.citizens[citizen]
        if who.lingers and who.started == NEVER and who.to == _BY_SHARES:
            _expire(r, citizen, m.states[who.state].station)
            return
        if m.blocking and who.started != NEVER:
            if who.to == _BY_SHARES and m.queuing[who.state].joins:
                _stand_at_crossing(m, r, citizen)
                return
            if who.lingers != _ADMITTED and _stop_at_door(m, r, citizen, now):
                return
            who.lingers = 0
        benefit = m.states[who.state].benefit
        to = _leave(m, r, citizen, now)
        if m.states[to].benefit == benefit:
            since = who.since
    _enter(m, r, citizen, to, since, now)


@_step
def _is_stale(rows, citizens, number, now):
    """Return whether the event of a citizen no longer holds: she has left, or has been taken meanwhile."""
    row = rows[number]
    return row == GONE or (row >= 0 and citizens[row].due != now)


@_step
def _has_room(r, events):
    """Return whether there is room for so many events more, wherever they come to stand."""
    return r.at[HEAP] + events <= len(r.heap) and r.at[CHUNKS] + 8 * events <= len(r.chunks)


@_step
def _moves(m, r, instant):
    """Let every citizen move that is due at this instant, also those whom that makes due.

    Returns False where a table is full before all have.
    """
    now = max(instant, 0)
    while r.at[HEAP] > 0 and _tick(r.bits, r.heap[0]) == instant:
        # A move closes one visit and opens another, which may be the last; it has its citizen wait with patience, or
        # stay; and she may be new, and bring the next arrival.
        if r.at[VISITS] + 2 > len(r.visits) or not _has_room(r, 5) or r.at[WIDER]:
            return False
        if r.at[FREE] < 0 and r.at[USED] == len(r.citizens):
            return False
        number = _number(r.bits, _pop(r.heap, r.at))
        if r.at[HEAP] > 0:
            row = r.rows[_number(r.bits, r.heap[0])]
            if row >= 0:
                fetch_ahead(r.citizens, np.int64(row))
        if not _is_stale(r.rows, r.citizens, number, now):
            _move(m, r, number, now)
    return True


@_long_step
def _drawn_by_lot(m, r, line, now):
    """Return whom of a queue the lot falls on; it is drawn anew at each tick."""
    citizen = drawn = r.lines[line].head
    word, least = word_at(r.luck, now), 2.0
    while citizen >= 0:
        who = r.citizens[citizen]
        index = index_of(r.begins, who.entry, who.number - r.first[who.entry])
        draw = lot(m, r.luck.seed, word, who.entry, index, np.int64(who.state), now)
        if draw < least:
            least, drawn = draw, citizen
        citizen = np.int64(who.behind)
    return drawn


@_step
def _look_away(r, citizen, station):
    """Have a citizen who is served, or gives up, no longer be one of those who may baulk."""
    r.desks[station].looking -= r.citizens[citizen].looks
    r.citizens[citizen].looks = 0


@_long_step
def _baulk(m, r, station, now):
    """Have the newcomers who would have to wait look at how many wait already, in the order of the queue."""
    waiting = r.desks[station].waiting - r.desks[station].looking
    for line in range(m.stations[station].line, m.stations[station].line_end):
        citizen = r.lines[line].head
        while r.desks[station].looking > 0 and citizen >= 0:
            behind = np.int64(r.citizens[citizen].behind)
            who = r.citizens[citizen]
            if who.looks:
                _look_away(r, citizen, station)
                state = np.int64(who.state)
                index = index_of(r.begins, who.entry, who.number - r.first[who.entry])
                nth = _nth_visit(m, r, citizen, state)
                draw = baulk_draw(m, r.luck.seed, word_at(r.luck, now), who.entry, index, state, nth)
                if draw < baulk_share(m, state, waiting):
                    _leave_queue(m, r, citizen, station, line, now)
                    who.to = _BAULKED
                    _move_at(m, r, citizen, now)
                else:
                    waiting += 1
            citizen = behind


@_long_step
def _interrupt(m, r, station, line, now):
    """Interrupt whose stay began, or went on, last of a queue: she waits at its head. Return whether there is any.

    What there is of the stay is a visit that leads to another one of the same number in the same state.
    """
    citizen = r.lines[_served(m, r, line)].tail
    if citizen < 0:
        return False
    _end_served(m, r, citizen, line)
    who = r.citizens[citizen]
    since = now if m.stations[station].interrupts == RESUME else who.started
    r.cuts[citizen].left, r.cuts[citizen].u_route = who.due - since, who.u_route
    r.cuts[citizen].times += 1
    _write(m, r, citizen, who.state, now)
    who.joined, who.started, who.due, who.lingers, who.u_route = now, NEVER, m.horizon, _INTERRUPTED, -math.inf
    _link(r, citizen, line, np.int64(-1), r.lines[line].head)
    _count_queue(r.desks, station, 1, now)
    r.desks[station].busy -= 1
    return True


@_long_step
def _preempt(m, r, station, line, now):
    """Interrupt a stay of the worst class for who waits in a better one; return whether there is any."""
    worse = m.stations[station].line_end - 1 if m.stations[station].preempts else line
    while worse > line and not _interrupt(m, r, station, worse, now):
        worse -= 1
    return worse > line


@_long_step
def _cut(m, r, station, now):
    """Interrupt the stays that there are no servers for any more, those of the worst class first."""
    line = m.stations[station].line_end - 1
    while r.desks[station].busy > r.desks[station].capacity and line >= m.stations[station].line:
        if not _interrupt(m, r, station, line, now):
            line -= 1


@_long_step
def _go_on(m, r, citizen, station, now):
    """Go on with a stay that was interrupted, or begin it anew."""
    who = r.citizens[citizen]
    left = r.cuts[citizen].left
    who.started, who.lingers, who.u_route = now, 0, r.cuts[citizen].u_route
    if m.stations[station].interrupts == RESAMPLE:
        state = np.int64(who.state)
        index, nth = index_of(r.begins, who.entry, who.number - r.first[who.entry]), _nth_visit(m, r, citizen, state)
        length, who.u_route = begun_anew(m, r.luck, who.entry, index, state, nth, r.cuts[citizen].times, now)
        left = half_up(length) if length + 0.5 < m.horizon - now else m.horizon
    if left < m.horizon - now:
        _move_at(m, r, citizen, now + left)


@_step
def _take(m, r, station, change, free, now):
    """Start the stays of those who wait, best priority first, while places are free."""
    interrupts = m.stations[station].interrupts > 0
    for line in range(m.stations[station].line, m.stations[station].line_end):
        while free > m.queues[line].spare or interrupts:
            citizen = r.lines[line].head
            if citizen < 0:
                break
            if free <= m.queues[line].spare:
                if free != 0 or not _preempt(m, r, station, line, now):
                    break
                free += 1
            goes_on = interrupts and r.citizens[citizen].lingers == _INTERRUPTED
            if m.stations[station].order == RANDOM and not goes_on:
                citizen = _drawn_by_lot(m, r, line, now)
            _leave_queue(m, r, citizen, station, line, now)
            fetch_ahead(r.counts, r.lines[line].head * m.loops)
            if r.citizens[citizen].due == _WITH_THIS_INSTANT:
                r.desks[station].expiring -= 1
            _look_away(r, citizen, station)
            r.sessions[change].taken += 1
            free -= 1
            if not m.stations[station].is_meeting:
                r.desks[station].busy += 1
            if interrupts:
                _be_served(m, r, citizen, line)
            if goes_on:
                _go_on(m, r, citizen, station, now)
            else:
                _begin(m, r, citizen, now, np.int64(0), 0.0)


@_long_step
def _take_together(m, r, station, now):
    """Start as many stays as begin together at once, while so many wait and so many servers are free."""
    desk, size, line = r.desks[station], m.stations[station].together, m.stations[station].line
    while desk.waiting >= size and desk.capacity - desk.busy >= size:
        ends = np.int64(-1)
        for _ in range(size):
            while r.lines[line].head < 0:
                line += 1
            citizen = r.lines[line].head
            if m.stations[station].order == RANDOM:
                citizen = _drawn_by_lot(m, r, line, now)
            _leave_queue(m, r, citizen, station, line, now)
            if r.citizens[citizen].due == _WITH_THIS_INSTANT:
                desk.expiring -= 1
            _look_away(r, citizen, station)
            r.sessions[desk.period].taken += 1
            desk.busy += 1
            ends = _begin_until(m, r, citizen, now, ends)


@_long_step
def _begin_until(m, r, citizen, now, ends):
    """Start a stay that ends at a tick, or is drawn where that is -1; return its end, the horizon at the latest."""
    who = r.citizens[citizen]
    state = np.int64(who.state)
    index, nth = index_of(r.begins, who.entry, who.number - r.first[who.entry]), _nth_visit(m, r, citizen, state)
    u_stay, _, who.u_route = visit_block(m, r.luck.seed, word_at(r.luck, now), who.entry, index, state, nth)
    if ends < 0:
        row = _in_force(m.stays, m.states[state].stay, m.states[state].stay_end, now)
        length = law_quantile(m, m.stays[row].law, u_stay)
        ends = now + half_up(length) if length + 0.5 < m.horizon - now else m.horizon
    who.started, who.to = now, _BY_SHARES
    _move_at(m, r, citizen, ends)
    return ends


@_long_step
def _give_up(m, r, station, now):
    """Send away those whose patience ends within this instant, for their turn did not come at it."""
    for line in range(m.stations[station].line, m.stations[station].line_end):
        citizen = r.lines[line].tail
        while r.desks[station].expiring > 0 and citizen >= 0:
            ahead = np.int64(r.citizens[citizen].before)
            if r.citizens[citizen].due == _WITH_THIS_INSTANT:
                _leave_queue(m, r, citizen, station, line, now)
                r.desks[station].expiring -= 1
                _look_away(r, citizen, station)
                r.citizens[citizen].to = _GIVEN_UP
                _move_at(m, r, citizen, now)
            citizen = ahead


@_long_step
def _refuse(m, r, station, now):
    """Send away the newcomers of this instant that the room does not hold, the last in the queue first."""
    for line in range(m.stations[station].line_end - 1, m.stations[station].line - 1, -1):
        citizen = r.lines[line].tail
        while r.desks[station].waiting > m.stations[station].room and citizen >= 0:
            ahead = np.int64(r.citizens[citizen].before)
            if r.citizens[citizen].joined != now:
                if m.stations[station].order == FIRST:
                    break
            elif m.states[r.citizens[citizen].state].refused_to >= 0 and r.citizens[citizen].lingers != _INTERRUPTED:
                _leave_queue(m, r, citizen, station, line, now)
                r.citizens[citizen].to = _REFUSED
                _move_at(m, r, citizen, now)
            citizen = ahead


@_long_step
def _admit(m, r, station, now):
    """Have those come in who wait at the door, as far as there is room."""
    free = m.stations[station].room - r.desks[station].waiting
    if not m.stations[station].is_meeting:
        free += max(r.desks[station].capacity - r.desks[station].busy, 0)
    door = m.lines + station
    while free > 0 and r.desks[station].at_door > 0:
        citizen = r.lines[door].head
        behind = np.int64(r.citizens[citizen].behind)
        r.lines[door].head = behind
        if behind >= 0:
            r.citizens[behind].before = -1
        else:
            r.lines[door].tail = -1
        r.desks[station].at_door -= 1
        free -= 1
        r.citizens[citizen].lingers = _ADMITTED
        _move_at(m, r, citizen, now)


@_step
def _serve(m, r, station, now):
    """Give a due station its turn."""
    desk = r.desks[station]
    if not m.stations[station].is_meeting:
        if m.stations[station].on_cut:
            _cut(m, r, station, now)
        if m.stations[station].together > 1:
            _take_together(m, r, station, now)
        else:
            _take(m, r, station, desk.period, desk.capacity - desk.busy, now)
    elif desk.meeting >= 0:
        change, free = desk.meeting, np.int64(2**31 - 1)
        desk.meeting = -1
        # Every party works out its places, also those that are not the least: each carries its own fraction.
        if m.stations[station].answers:
            r.waits[change] = _longest_wait(m, r, station, now)
        for bound in range(m.changes[change].bound, m.changes[change].bound_end):
            free = min(free, places(m, change, bound, r.carried, r.accounts.present, r.waits))
        _log(r, change, station, free, now)
        _take(m, r, station, change, free, now)
    if desk.expiring > 0:
        _give_up(m, r, station, now)
    if desk.looking > 0:
        _baulk(m, r, station, now)
    if m.stations[station].room >= 0:
        _refuse(m, r, station, now)
    if desk.at_door > 0:
        _admit(m, r, station, now)


@_step
def _longest_wait(m, r, station, now):
    """Return how long whoever has waited longest at a station has done so, 0 where nobody waits."""
    longest = np.int64(0)
    for line in range(m.stations[station].line, m.stations[station].line_end):
        citizen = r.lines[line].head
        while citizen >= 0:
            longest = max(longest, now - r.citizens[citizen].joined)
            citizen = -1 if m.stations[station].order == FIRST else np.int64(r.citizens[citizen].behind)
    return longest


@_step
def _log(r, change, station, free, now):
    session = r.sessions[change]
    session.time, session.station, session.places, session.taken = now, station, free, 0
    session.waiting = r.desks[station].waiting


@_long_step
def _change(m, r, change, now):
    """Take a new capacity, or have a meeting convene when its station's turn comes."""
    station = m.changes[change].station
    if m.stations[station].is_meeting:
        r.desks[station].meeting = change
    else:
        if m.stations[station].answers:
            r.waits[change] = _longest_wait(m, r, station, now)
        r.desks[station].capacity = servers(m, change, r.waits)
        r.desks[station].period = change
        _log(r, change, station, r.desks[station].capacity, now)
    _mark_due(r.desks, r.at, station)


@_step
def _next(m, r, now):
    """Return the next instant at which anything happens; the first is 0."""
    if now < 0:
        return np.int64(0)
    then = m.horizon
    if r.at[CHANGE] < len(m.changes):
        then = m.changes[r.at[CHANGE]].time
    if r.at[HEAP] > 0:
        then = min(then, _tick(r.bits, r.heap[0]))
    return then


@_freely
def run_loop(m, r, until):
    """Run on until before a tick, one instant after the other; False where a table is full on the way.

    At each instant: changes of capacity; then every citizen that moves, those last who choose a queue; then the due
    stations in their order, each followed by the moves that it causes at this very instant, until nothing is due.
    Before all that, at tick -1, those are put in place who are there at the start. At the horizon the visits under way
    are written.
    """
    while r.at[NOW] < until:
        now = r.at[NOW]
        while r.at[CHANGE] < len(m.changes) and m.changes[r.at[CHANGE]].time == now:
            _change(m, r, r.at[CHANGE], now)
            r.at[CHANGE] += 1
        while True:
            if not _moves(m, r, now):
                return False
            if m.blocking and r.lines[_crossing(m)].head >= 0:
                if not _has_room(r, 1):
                    return False
                _choose(m, r, now)
                continue
            if r.at[_DUE] == 0 or now < 0:
                break
            station = 0
            while not r.desks[station].is_due:
                station += 1
            if not _has_room(r, r.desks[station].waiting + r.desks[station].at_door + 3):
                return False
            if m.stations[station].interrupts and r.at[VISITS] + r.desks[station].busy > len(r.visits):
                return False
            r.desks[station].is_due = 0
            r.at[_DUE] -= 1
            _serve(m, r, station, now)
        if (r.at[HEAP] == 0 and not _open(m, r)) or r.at[HEAP] > r.at[LIMIT]:
            return False
        r.at[NOW] = _next(m, r, now)
    if until < m.horizon:
        return True
    if r.at[VISITS] + r.at[USED] > len(r.visits):
        return False
    for citizen in range(r.at[USED]):
        if r.citizens[citizen].state >= 0:
            _write(m, r, citizen, -1, NEVER)
    for state in range(len(r.accounts)):
        _count(r.accounts, state, 0, m.horizon)
    for station in range(len(r.desks)):
        _count_queue(r.desks, station, 0, m.horizon)
    return True


@_freely
def count_events(heads, chunks):
    """Count the events of all buckets to come."""
    count = 0
    for bucket in range(len(heads)):
        place = heads[bucket]
        while place >= 0:
            count += place & 7
            place = chunks[place & ~7]
    return count


@_freely
def list_events(heads, chunks, out):
    """List the events of all buckets to come."""
    count = 0
    for bucket in range(len(heads)):
        place = heads[bucket]
        while place >= 0:
            for i in range((place & ~7) + 1, place + 1):
                out[count] = chunks[i]
                count += 1
            place = chunks[place & ~7]


@_freely
def put_events(r, events):
    """Put events on the list."""
    for i in range(len(events)):
        _push(r, events[i])


@_freely
def take_up(m, r):
    """Draw anew what is left of the races under way in a kept state, and put on the list who moves when."""
    fork = r.luck.forks[len(r.luck.forks) - 1]
    for citizen in range(r.at[USED]):
        who = r.citizens[citizen]
        if who.state < 0 or who.lingers == AT_DOOR:
            continue
        state = np.int64(who.state)
        if who.started != NEVER and m.states[state].exit < m.states[state].exit_end:
            index = index_of(r.begins, who.entry, who.number - r.first[who.entry])
            nth, elapsed = _nth_visit(m, r, citizen, state), 0.0
            if who.step == 0 and m.entries[who.entry].kind == STOCK and not m.entries[who.entry].waiting:
                elapsed = elapsed_time(m, r.luck, who.entry, index)
            start = max(who.started, 0)
            # Who moves at the fork itself may have won her race a part of a tick before it.
            if who.due > fork:
                last = len(r.luck.forks) - 1
                length, to = _stay_past_fork(m, r.luck, who.entry, index, state, nth, start, who.since, elapsed, last)
            else:
                length, to = stay(m, r.luck, who.entry, index, state, nth, 0.0, start, who.since, elapsed)
            who.to = to
            who.due = start + half_up(length) if length + 0.5 < m.horizon - start else m.horizon
        _announce(m, r, np.int64(who.number), who.due)


@_freely
def tally(visits, moved, counts):
    """Count the visits of each citizen, in the row of her number and `moved` more."""
    for i in range(len(visits)):
        counts[visits[i].citizen + moved] += 1


@_freely
def put_in_order(visits, place, out):
    """Copy visits to where they belong by citizen and step: each one's place is known, so nothing is compared."""
    for i in range(len(visits)):
        out[place[visits[i].citizen] + visits[i].step] = visits[i]


@_freely
def put_renumbered(visits, moved, place, out):
    """Copy visits of citizens with other numbers to where they belong, with `moved` added to these."""
    for i in range(len(visits)):
        number = visits[i].citizen + moved
        at = place[number] + visits[i].step
        out[at] = visits[i]
        out[at].citizen = number
