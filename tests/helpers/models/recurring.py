"""Opening hours and shifts read off minute by minute, slowly and plainly, to hold flowsim's own against."""

from datetime import datetime, time, timedelta


def is_open(patterns, closed, start, moment):
    """Whether a pattern holds at a moment that began on this day, or on the one before and reaches past midnight."""
    for day in (moment.date(), moment.date() - timedelta(days=1)):
        midnight = datetime.combine(day, time())
        minute = (moment - midnight).total_seconds() / 60
        if any(each.holds(day) for each in closed):
            continue
        for pattern in patterns.at(max(midnight, start, patterns.first)):
            if pattern.holds(day) and any(begin <= minute < end for begin, end in pattern.hours):
                return True
    return False


def servers_there(station, start, moment):
    """The servers of a station at a moment, without an answer to the wait."""
    always = station.open is None
    there = 0
    closed_today = any(each.holds(moment.date()) for each in station.closed)
    if (always and not closed_today) or (not always and is_open(station.open, station.closed, start, moment)):
        there += station.capacity.at(moment)
    for shift in station.shifts:
        if is_open(shift.open, station.closed, start, moment):
            there += shift.servers.at(moment)
    return there
