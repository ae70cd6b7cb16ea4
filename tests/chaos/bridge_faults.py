# SPDX-License-Identifier: Apache-2.0
"""What happens to the bridges and to what they stand between, and when: chosen by a seed before
anything starts."""

import random

from faults import BROKERS, Fault

BRIDGE = "mqtt-bridge"
STANDBY = "standby"
REPLICAS = ("replica-1", "replica-2", "replica-3", "replica-4")
AGGREGATOR = "aggregator"
MOSQUITTO = "mosquitto"
ALL_BROKERS = "kafka"

# Killed again and again, whatever else happens. A dead replica's filters are dealt to others after
# the six seconds of its session, so its kills are further apart.
KILL_PAUSE_S = {BRIDGE: (1.0, 5.0), "replica": (6.0, 14.0), AGGREGATOR: (5.0, 15.0)}
# From the end of one act of a lane to the beginning of its next.
REST_S = (1.0, 5.0)
# Once in a run that is long enough for it; shorter outages come more often.
LONG_OUTAGE_S = 60.0
# A kill keeps this distance from what else is done to a replica.
APART_S = 1.0


def _outage(dice, long):
    return [("kill", ALL_BROKERS, 0.0, long or dice.uniform(3.0, 10.0))]


def _broker(dice, _):
    return [("kill", dice.choice(BROKERS), 0.0, dice.uniform(1.0, 8.0))]


def _mosquitto(dice, _):
    return [("stop", MOSQUITTO, 0.0, dice.uniform(0.5, 3.0))]


def _disk(dice, _):
    return [("disk", BRIDGE, 0.0, dice.uniform(2.0, 6.0))]


def _standby(dice, _):
    return [("join", STANDBY, 0.0, dice.uniform(3.0, 8.0))]


def _scale(dice, _):
    """From two replicas to one, to four, to two."""
    four = dice.uniform(2.0, 5.0)
    two = four + dice.uniform(3.0, 6.0)
    return [("stop", REPLICAS[1], 0.0, four),
            *(("join", replica, four, two) for replica in REPLICAS[2:])]


# Acts of one lane come one after the other: of Kafka and mosquitto one at most is out of order.
LANES = ({"outage": _outage, "broker": _broker, "mosquitto": _mosquitto},
         {"disk": _disk, "standby": _standby}, {"scale": _scale})
ACTS = tuple(act for lane in LANES for act in lane)
KILLS = ("bridge", "replica", "aggregator")


def plan(seed, seconds):
    """[(act, [Fault])] within `seconds`."""
    chosen = []
    for number, acts in enumerate(LANES):
        chosen += _lane(random.Random(f"{seed}/{number}"), acts, seconds)
    dice = random.Random(f"{seed}/kills")
    chosen += _kills(dice, "bridge", (BRIDGE,), KILL_PAUSE_S[BRIDGE], seconds)
    chosen += _kills(dice, "aggregator", (AGGREGATOR,), KILL_PAUSE_S[AGGREGATOR], seconds)
    others = [fault for _, faults in chosen for fault in faults if fault.target in REPLICAS]
    return chosen + [(act, faults) for act, faults in _kills(
        dice, "replica", REPLICAS[:2], KILL_PAUSE_S["replica"], seconds)
        if not any(_close(faults[0], other) for other in others)]


def _lane(dice, acts, seconds):
    chosen, begin, bag = [], 1.0, []
    long_outage = LONG_OUTAGE_S if seconds >= 4 * LONG_OUTAGE_S else 0.0
    while True:
        bag = bag or dice.sample(list(acts), len(acts))
        act = bag.pop()
        parts = [Fault(kind, target, begin + at, begin + until)
                 for kind, target, at, until in acts[act](dice, long_outage)]
        end = max(fault.end for fault in parts)
        if end > seconds:
            return chosen
        if act == "outage":
            long_outage = 0.0
        chosen.append((act, parts))
        begin = end + dice.uniform(*REST_S)


def _kills(dice, act, targets, pause, seconds):
    chosen, begin = [], dice.uniform(*pause)
    while begin + 1.0 < seconds:
        end = begin + dice.uniform(0.05, 1.0)
        chosen.append((act, [Fault("kill", dice.choice(targets), begin, end)]))
        begin = end + dice.uniform(*pause)
    return chosen


def _close(one, other):
    return one.target == other.target and one.begin < other.end + APART_S \
        and other.begin < one.end + APART_S
