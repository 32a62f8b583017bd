"""What is public: the names of `flowsim`, which users may rely on."""

import importlib

import flowsim


def test_public_names():
    assert dir(flowsim) == [
        "Clock",
        "Duration",
        "Ensemble",
        "Entry",
        "Exit",
        "Followup",
        "InputError",
        "Party",
        "Pathway",
        "Results",
        "Scenario",
        "Seniority",
        "State",
        "Station",
        "calibration",
        "core",
        "draw",
        "evidence",
        "forecast",
        "forecasting",
        "model",
        "planning",
        "read_base",
        "reporting",
        "run",
        "simulation",
        "testing",
        "theory",
        "workload",
    ]


def test_each_public_name_can_be_loaded():
    for name in dir(flowsim):
        assert getattr(flowsim, name) is not None
    assert importlib.import_module("flowsim").run is flowsim.run
