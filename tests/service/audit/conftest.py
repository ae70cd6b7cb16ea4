# SPDX-License-Identifier: Apache-2.0
"""An aggregator whose work is audited: its topics, as the tests of the aggregator have them."""

import sys

from support import ROOT

sys.path[:0] = [str(ROOT / "tests" / "system"), str(ROOT / "tests" / "service" / "aggregator")]

from aggregator_bench import bench, wait_done  # noqa: E402, F401
