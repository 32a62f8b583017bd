"""A station's queue at the two ends of a period, by hand."""

import numpy as np
import pytest

from flowsim.planning.staffing.queues import queue_ends, queues_of
from flowsim.simulation.measures.stations import QUEUE
from helpers.measures import row
from helpers.results import results

MANY = 40


def queue(before, after, group=1):
    ends = np.stack([np.broadcast_to(before, MANY), np.broadcast_to(after, MANY)], axis=1)
    (found,) = queues_of({"desk": group}, ends[:, None, :].astype(float))
    return found


@pytest.mark.parametrize(
    ("before", "after", "grows"),
    [
        (20, 22, True),  # a tenth
        (20, 21.9, False),
        (0, 1, True),  # a citizen
        (0, 0.9, False),
        (9, 9.9, False),  # a tenth, and less than a citizen
        (10, 10, False),
        (22, 20, False),
        (20, np.where(np.arange(MANY) < 18, 0, 40), False),  # twice as many at the median, but that is not sure
        (20, np.where(np.arange(MANY) < 6, 0, 40), True),
    ],
)
def test_a_queue_grows_by_a_tenth_and_a_citizen_where_that_is_sure(before, after, grows):
    found = queue(before, after)
    assert (found.before, found.after) == (before, np.median(after))
    assert found.grows == grows


@pytest.mark.parametrize(("before", "backlog"), [(1, True), (0.9, False), (0, False)])
def test_who_waits_when_the_period_begins_is_a_backlog_from_one_citizen_on(before, backlog):
    assert queue(before, 50).backlog == backlog


@pytest.mark.parametrize(("waiting", "known"), [(5, False), (6, True)])
def test_who_waits_for_the_others_of_a_group_is_no_backlog_and_no_queue_that_grows(waiting, known):
    found = queue(waiting, 7, group=6)
    assert found.backlog == known
    assert queue(0, waiting, group=6).grows == known


def test_a_queue_is_read_at_the_end_of_the_month_before_and_of_the_last_one():
    months = [f"2019-{month:02}" for month in range(1, 13)]
    index = tuple(row("queue.desk", month, "citizens") for month in months)
    one = results(index=index, values=np.arange(12.0)[None] ** 2, replications=(0,), digests=("x",))
    assert queue_ends(one, ["desk"], "2019Q2")[0, 0].tolist() == [4, 25]
    assert queue_ends(one, ["desk"], "2019")[0, 0].tolist() == [0, 121]  # nothing is known of the month before
    unknown = queue_ends(one, ["desk", "board"], "2019Q2")
    assert np.isnan(unknown[0, 1]).all()
    (known,) = queues_of({"desk": 1, "board": 1}, unknown)
    assert (known.station, known.measure) == ("desk", QUEUE("desk"))
