"""Copenhagen as an idiomatic SimPy model: a generator a citizen, Python's own random numbers, times in float minutes.

It reads a `Pathway` as plain data, and shares nothing with flowsim's engines. Meetings, places that follow the wait,
races, shares and stocks are understood; servers, patience and rooms, which Copenhagen does not have, are not.
"""

import heapq
import math
import random
from bisect import bisect_right
from datetime import timedelta
from itertools import accumulate, count

import simpy
from scipy import stats


class Model:
    """A pathway under way."""

    def __init__(self, pathway, seed):
        self.env, self.random = simpy.Environment(), random.Random(seed)
        self.pathway = pathway
        self.horizon = self.minute(pathway.end)
        self.states = {state.name: State(state, self) for state in pathway.states}
        self.queues = {station.name: [] for station in pathway.stations}
        self.present = dict.fromkeys(self.states, 0)
        self.number = count()
        self.visits = []  # (state, joined, started, ended); None where it has not happened

    def minute(self, when):
        """Return the minutes from the start to a moment."""
        return (when - self.pathway.start) / timedelta(minutes=1) if when.year > 1 else -math.inf

    def steps(self, by_date):
        """Return the dates in minutes, and the values."""
        return [self.minute(when) for when, _ in by_date.root], list(by_date.values)

    # --- Processes

    def arrivals(self, entry):
        """Let citizens come at a rate that is constant between its dates."""
        dates, rates = self.steps(entry.rate)
        for begin, end, rate in zip(dates, [*dates[1:], self.horizon], rates, strict=True):
            now = max(begin, 0.0)
            while rate > 0:
                now += self.random.expovariate(rate)
                if now >= end:
                    break
                yield self.env.timeout(now - self.env.now)
                self.env.process(self.citizen(entry.to, now, 0.0))

    def meetings(self, station):
        """Take as many waiting cases at each meeting as there are places."""
        parties = [Party(party, self) for party in station.bounds]
        queue = self.queues[station.name]
        rules = self.steps(station.answers) if station.answers else ([-math.inf], [None])
        held, waits = [], []  # when there were meetings, and how long the first in the queue had waited then
        for when in station.meetings(self.pathway.start, self.pathway.end):
            yield self.env.timeout(self.minute(when) - self.env.now)
            now = self.env.now
            held.append(now)
            waits.append(now - min((joined for _, joined, *_ in queue), default=now))
            rule, factor = at(rules, now), 1.0
            if rule and (seen := bisect_right(held, now - rule.lag)):
                factor = 1.0 + rule.gain * (waits[seen - 1] / rule.wait - 1.0)
                factor = min(max(factor, rule.least), rule.most)
            limit = math.inf if rule is None or rule.limit is None else rule.limit
            places = min([party.places(now, factor, limit) for party in parties])
            for _ in range(min(places, len(queue))):
                heapq.heappop(queue)[-1].succeed()

    def citizen(self, name, since, elapsed, waiting=True):
        """Live one citizen's way; `elapsed` has passed of the first stay, or of the wait for it."""
        env, present = self.env, self.present
        while True:
            state = self.states[name]
            joined = started = env.now - elapsed
            present[name] += 1
            visit = [name, joined, None, None]
            self.visits.append(visit)
            if state.queue is not None and waiting:
                turn = env.event()
                place = (state.priority, joined, next(self.number), turn)
                heapq.heappush(self.queues[state.queue], place)
                yield turn
                started, elapsed = env.now, 0.0
            visit[2] = started
            if state.final:
                return
            length, to = state.stay(env.now, since, elapsed)
            yield env.timeout(length)
            visit[3] = env.now
            present[name] -= 1
            name = to or state.route(env.now)
            if self.states[name].benefit != state.benefit:
                since = env.now
            elapsed, waiting = 0.0, True


class Party:
    """What one party to a meeting allows."""

    def __init__(self, party, model):
        self.model, self.carried = model, 0.0
        self.told = model.steps(party.places) if party.places else None
        if self.told is None:
            self.staff, self.hours, self.case = (
                model.steps(each) for each in (party.staff, party.hours, party.hours_a_case)
            )
            self.follow_up = [(name, model.steps(span)) for name, span in party.follow_up]

    def places(self, now, factor, limit):
        """Return the whole places of a meeting, those by date times a factor up to a limit, and keep the fraction."""
        if self.told:
            amount = at(self.told, now)
        else:
            free = at(self.staff, now) * at(self.hours, now)
            free -= sum(at(span, now) * self.model.present[name] for name, span in self.follow_up)
            amount = max(free, 0.0) / at(self.case, now)
        amount = min(amount * factor, max(limit, amount)) if factor > 1.0 else amount * factor
        amount += self.carried
        self.carried = amount % 1
        return int(amount)


class State:
    """How long a stay lasts, and where it leads."""

    def __init__(self, state, model):
        self.random, self.horizon = model.random, model.horizon
        self.queue, self.priority = state.station, state.priority
        self.benefit, self.final = state.benefit, state.final
        self.stays = model.steps(state.stay) if state.stay else None
        self.routes = None
        if state.to:
            dates, shares = model.steps(state.to)
            self.routes = dates, [([to for to, _ in one], list(accumulate(p for _, p in one))) for one in shares]
        self.race = []
        for exit_ in state.race:
            rates = model.steps(exit_.rate) if exit_.rate else None
            spent = list(zip(*exit_.by_time_spent, strict=True)) if exit_.by_time_spent else [(0.0,), (1.0,)]
            self.race.append((exit_.to, exit_.after, rates, spent))

    def stay(self, now, since, elapsed):
        """Return how long a stay lasts, and where it leads if a race decides that."""
        if not self.race:
            return (self.duration(at(self.stays, now), elapsed) if self.stays else 0.0), None
        return min(
            (self.duration(after, elapsed) if after else self.time_to(now, since, rates, spent), to)
            for to, after, rates, spent in self.race
        )

    def time_to(self, now, since, rates, spent):
        """Return the time to an event whose hazard depends on the date and on the time spent."""
        left, t = self.random.expovariate(1.0), now
        i, j = bisect_right(rates[0], t) - 1, bisect_right(spent[0], t - since) - 1
        while t < self.horizon:
            date = rates[0][i + 1] if i + 1 < len(rates[0]) else math.inf
            step = since + spent[0][j + 1] if j + 1 < len(spent[0]) else math.inf
            hazard, end = rates[1][i] * spent[1][j], min(date, step)
            if hazard and t + left / hazard <= end:
                return t + left / hazard - now
            left -= hazard * (end - t) if hazard else 0.0
            t, i, j = end, i + (date <= end), j + (step <= end)
        return math.inf

    def duration(self, law, elapsed):
        """Draw a duration; of one that has begun, what is left of it."""
        if not elapsed or law.law == "exponential":
            return self.sample(law)
        if law.law == "fixed":
            return max(law.mean - elapsed, 0.0)
        if law.law == "gamma":
            shape, scale = law.cv**-2, law.mean * law.cv**2
            longer = stats.gamma.sf(elapsed, shape, scale=scale)
            return float(stats.gamma.isf(self.random.random() * longer, shape, scale=scale)) - elapsed
        while elapsed < max(law.values):
            whole = self.sample(law)
            if whole > elapsed:
                return whole - elapsed
        return 0.0

    def sample(self, law):
        """Draw a whole duration."""
        if law.law == "fixed":
            return law.mean
        if law.law == "exponential":
            return self.random.expovariate(1 / law.mean)
        if law.law == "gamma":
            return self.random.gammavariate(law.cv**-2, law.mean * law.cv**2)
        if law.law == "empirical":
            return self.random.choices(law.values, law.weights or None)[0]
        raise NotImplementedError(law.law)

    def route(self, now):
        """Draw the next state by the shares in force."""
        names, upto = at(self.routes, now)
        return names[min(bisect_right(upto, self.random.random()), len(names) - 1)]


def at(steps, now):
    """Return the value in force."""
    dates, values = steps
    return values[bisect_right(dates, now) - 1]


def simulate(pathway, seed):
    """Return the visits of one replication."""
    if any(not station.is_meeting or station.room for station in pathway.stations):
        raise NotImplementedError("servers and rooms")
    if any(state.patience for state in pathway.states) or any(entry.at or entry.every for entry in pathway.entries):
        raise NotImplementedError("patience, given times and renewal arrivals")
    model = Model(pathway, seed)
    for station in pathway.stations:
        model.env.process(model.meetings(station))
    for entry in pathway.entries:
        if entry.rate:
            model.env.process(model.arrivals(entry))
        for _ in range(entry.count or 0):
            elapsed = model.states[entry.to].sample(entry.elapsed) if entry.elapsed else 0.0
            model.env.process(model.citizen(entry.to, -elapsed, elapsed, entry.waiting))
    model.env.run(until=model.horizon)
    return model.visits
