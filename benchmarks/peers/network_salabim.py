"""The four stations in salabim: resources for the servers, a queue and a process for the meeting."""

# ruff: noqa: D101, D102 -- the methods are the model, and their names say what they do
import salabim

from benchmarks.cases import (
    ARRIVALS,
    DECIDERS,
    DECISION,
    DESKS,
    DOCTOR_SHARE,
    DOCTORS,
    EXAMINATION,
    MEETING,
    MEETINGS,
    PLACES,
    SERVICE,
    WEEK,
    horizon,
)


class Citizen(salabim.Component):
    def process(self):
        self.serve(self.env.intake, SERVICE)
        if self.env.share.sample() < DOCTOR_SHARE:
            self.serve(self.env.doctor, EXAMINATION)
        self.enter(self.env.team)
        self.passivate()
        self.hold(MEETING)
        self.serve(self.env.decision, DECISION)

    def serve(self, station, mean):
        self.request(station)
        self.hold(salabim.Exponential(mean).sample())
        self.release(station)


class CitizenGenerator(salabim.Component):
    def process(self):
        while True:
            self.hold(salabim.Exponential(1 / ARRIVALS).sample())
            Citizen()


class Meetings(salabim.Component):
    def process(self):
        week = 0.0
        while True:
            for hour in MEETINGS:
                self.hold(till=week + hour)
                for _ in range(min(PLACES, len(self.env.team))):
                    self.env.team.pop().activate()
            week += WEEK


def simulate(citizens, seed):
    env = salabim.Environment(trace=False, random_seed=seed)
    env.share = salabim.Uniform(0, 1)
    env.intake = salabim.Resource("intake", capacity=DESKS)
    env.doctor = salabim.Resource("doctor", capacity=DOCTORS)
    env.decision = salabim.Resource("decision", capacity=DECIDERS)
    env.team = salabim.Queue("team")
    CitizenGenerator()
    Meetings()
    env.run(till=horizon(citizens))
    return env


def waits(env):
    served = {name: getattr(env, name).requesters() for name in ("intake", "doctor", "decision")}
    return {name: queue.length_of_stay.x() for name, queue in (served | {"team": env.team}).items()}
