# SPDX-License-Identifier: Apache-2.0
"""What is done to whom, and when: chosen by a seed before anything starts, so that the seed alone
repeats it."""

import random
import signal
from dataclasses import dataclass

REPLICAS = ("aggregator-1", "aggregator-2", "aggregator-3")
BROKERS = ("kafka-1", "kafka-2", "kafka-3")

# Longer than the replicas' session: others take over what a frozen one believes to own.
SESSION_S = 3.0
FREEZE_S = (SESSION_S + 1, SESSION_S + 4)
# How long a target is left in peace after a fault, so that it takes part again.
REST_S = {"aggregator": 2.0, "kafka": 5.0}
# From the beginning of one act to that of the next. Acts last longer: they overlap.
PAUSE_S = (0.5, 3.0)


@dataclass(frozen=True)
class Fault:
    """One target out of order from `begin` to `end`, in seconds from the start."""

    kind: str  # kill, freeze, stop
    target: str
    begin: float
    end: float


def _kill(dice):
    return [("kill", _replica(dice), 0.0, dice.uniform(0.1, 2.0))]


def _freeze(dice):
    return [("freeze", _replica(dice), 0.0, dice.uniform(*FREEZE_S))]


def _stop(dice):
    return [("stop", _replica(dice), 0.0, dice.uniform(0.5, 3.0))]


def _scale(dice):
    """From three replicas to one, to three, to two, to three."""
    first, second, third = dice.sample(REPLICAS, 3)
    back = dice.uniform(1.5, 4.0)
    away = back + dice.uniform(1.5, 3.0)
    return [("stop", first, 0.0, back), ("stop", second, 0.0, back),
            ("stop", third, away, away + dice.uniform(1.5, 3.0))]


def _broker(dice):
    return [("kill", dice.choice(BROKERS), 0.0, dice.uniform(1.0, 8.0))]


def _all_at_once(dice):
    first, second, third = dice.sample(REPLICAS, 3)
    return [("kill", first, 0.0, dice.uniform(0.1, 2.0)),
            ("freeze", second, 0.0, dice.uniform(*FREEZE_S)),
            ("stop", third, 0.0, dice.uniform(0.5, 3.0)), *_broker(dice)]


def _replica(dice):
    return dice.choice(REPLICAS)


ACTS = {"kill": _kill, "freeze": _freeze, "stop": _stop, "scale": _scale, "broker": _broker,
        "all at once": _all_at_once}


def plan(seed, seconds, acts=tuple(ACTS)):
    """[(act, [Fault])] within `seconds`: all acts in random order, again and again. Nobody has two
    faults at a time, and never are two brokers down."""
    dice = random.Random(seed)
    free, begin, chosen, bag = {}, 1.0, [], []
    while True:
        bag = bag or dice.sample(acts, len(acts))
        act = bag.pop()
        parts = ACTS[act](dice)
        begin = max([begin, *(free.get(_lane(target), 0.0) for _, target, _, _ in parts)])
        faults = [Fault(kind, target, begin + at, begin + until)
                  for kind, target, at, until in parts]
        if max(fault.end for fault in faults) > seconds:
            return chosen
        chosen.append((act, faults))
        for fault in faults:
            lane = _lane(fault.target)
            free[lane] = fault.end + REST_S[lane.split("-")[0]]
        begin += dice.uniform(*PAUSE_S)


def _lane(target):
    """What only one fault at a time may be done to: a replica, or the brokers."""
    return "kafka" if target in BROKERS else target


def steps(chosen):
    """[(when, fault, is_begin)] in the order of time."""
    faults = [fault for _, faults in chosen for fault in faults]
    return sorted([(fault.begin, fault, True) for fault in faults]
                  + [(fault.end, fault, False) for fault in faults],
                  key=lambda step: (step[0], step[1].target))


def begin(fault, process):
    if fault.kind == "kill":
        process.kill()
    elif fault.kind == "freeze":
        process.signal(signal.SIGSTOP)
    else:
        process.terminate()


def end(fault, process):
    """Brings it back. Returns the exit code of an orderly stop, else 0."""
    code = 0
    if fault.kind == "freeze":
        process.signal(signal.SIGCONT)
        return code
    if fault.kind == "stop":
        code = process.finish(process.stop_timeout)
        if code == -signal.SIGTERM and not process.log_text():
            code = 0  # asked before it had come so far as to listen
    process.start()
    return code
