"""What other people's libraries share in a process, and threads that use them at the same time."""

import threading
import warnings

import numpy as np
import pytest

from flowsim.core.extras import one_thread_of_algebra, recorded_warnings


def in_a_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_what_another_thread_is_warned_of_is_shown_to_it():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with recorded_warnings() as own:
            warnings.warn("mine", UserWarning, stacklevel=1)
            in_a_thread(lambda: warnings.warn("theirs", UserWarning, stacklevel=1))
        warnings.warn("later", UserWarning, stacklevel=1)
    assert own == ["mine"]
    assert [str(warning.message) for warning in shown] == ["theirs", "later"]


def test_threads_take_turns_at_linear_algebra_and_leave_it_as_it_was():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    np.linalg.inv(np.eye(2))
    with threadpoolctl.threadpool_limits(2):
        before = [library["num_threads"] for library in threadpoolctl.threadpool_info()]
        first_inside, second_inside, order = threading.Event(), threading.Event(), []

        def first():
            with one_thread_of_algebra():
                first_inside.set()
                second_inside.wait(0.2)
                with one_thread_of_algebra():  # once more, as what samples and learns does
                    order.append("first")

        def second():
            first_inside.wait(10)
            with one_thread_of_algebra():
                second_inside.set()
                order.append("second")

        threads = [threading.Thread(target=call) for call in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = [library["num_threads"] for library in threadpoolctl.threadpool_info()]
    assert order == ["first", "second"]
    assert after == before
