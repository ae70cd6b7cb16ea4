# SPDX-License-Identifier: Apache-2.0
"""What happens to the bridge and to what it stands between, and when: chosen by a seed before
anything starts."""

import random
from faults import BROKERS, Fault

BRIDGE = "mqtt-bridge"
MOSQUITTO = "mosquitto"
ALL_BROKERS = "kafka"

# The bridge is killed again and again, whatever else happens.
KILL_PAUSE_S = (1.0, 5.0)
# From the end of one act upon the others to the beginning of the next.
REST_S = (1.0, 5.0)
# Once in a run that is long enough for it; shorter outages come more often.
LONG_OUTAGE_S = 60.0


def _outage(dice, length):
    return "kill", ALL_BROKERS, length or dice.uniform(3.0, 10.0)


def _broker(dice, _):
    return "kill", dice.choice(BROKERS), dice.uniform(1.0, 8.0)


def _mosquitto(dice, _):
    return "stop", MOSQUITTO, dice.uniform(0.5, 3.0)


ACTS = {"outage": _outage, "broker": _broker, "mosquitto": _mosquitto}


def plan(seed, seconds):
    """[(act, [Fault])] within `seconds`. Of Kafka and mosquitto one at most is out of order at a
    time; the bridge is besides."""
    dice = random.Random(seed)
    chosen, begin, bag = [], 1.0, []
    long_outage = LONG_OUTAGE_S if seconds >= 4 * LONG_OUTAGE_S else 0.0
    while True:
        bag = bag or dice.sample(list(ACTS), len(ACTS))
        act = bag.pop()
        kind, target, length = ACTS[act](dice, long_outage)
        if begin + length > seconds:
            break
        if act == "outage":
            long_outage = 0.0
        chosen.append((act, [Fault(kind, target, begin, begin + length)]))
        begin += length + dice.uniform(*REST_S)
    begin = dice.uniform(*KILL_PAUSE_S)
    while begin + 1.0 < seconds:
        end = begin + dice.uniform(0.05, 1.0)
        chosen.append(("bridge", [Fault("kill", BRIDGE, begin, end)]))
        begin = end + dice.uniform(*KILL_PAUSE_S)
    return chosen
