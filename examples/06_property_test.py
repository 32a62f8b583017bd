"""Property tests with flowsim.testing: a claim about all pathways, tried on generated ones.

`pathways()` is a hypothesis strategy. It draws small pathways with every feature of the language, full of
ties. If a claim fails, hypothesis reports the smallest pathway that it fails for. In a project of your own this
is a test that pytest finds; `derandomize` draws the same pathways each time, for the sake of this page.
"""

from hypothesis import given, settings

from flowsim import Pathway, run
from flowsim.testing import pathways

tried: list[Pathway] = []


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(pathway=pathways())
def test_no_meeting_takes_more_than_its_places(pathway: Pathway) -> None:
    results = run(pathway, replications=1, seed=1, keep_traces=True)
    meetings = {station.name for station in pathway.stations if station.is_meeting}
    sessions = results.sessions(0)
    held = sessions[sessions["station"].isin(meetings)]
    assert (held["taken"] <= held["places"]).all()
    assert (held["taken"] <= held["waiting"]).all()
    tried.append(pathway)


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(pathway=pathways())
def test_the_engines_agree_to_the_byte(pathway: Pathway) -> None:
    kernel = run(pathway, engine="kernel", replications=1, seed=7)
    simpy = run(pathway, engine="simpy", replications=1, seed=7)
    assert kernel.visits_sha256 == simpy.visits_sha256
    tried.append(pathway)


test_no_meeting_takes_more_than_its_places()
test_the_engines_agree_to_the_byte()
print(f"two claims held for {len(tried)} pathways")
