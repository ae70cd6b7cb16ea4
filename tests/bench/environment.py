# SPDX-License-Identifier: Apache-2.0
"""What the benches take from the environment."""

import os
import sys

QUICK = os.environ.get("QUICK") not in (None, "", "0")


def number(name, default, quick, least=1):
    text = os.environ.get(name) or str(quick if QUICK else default)
    if not text.isdigit() or int(text) < least:
        sys.exit(f"{name}: expected a number of at least {least}, got \"{text}\"")
    return int(text)


def chosen(name, known, default):
    """Some of `known`, separated by commas."""
    words = (os.environ.get(name) or default).split(",")
    for word in words:
        if word not in known:
            sys.exit(f"{name}: expected some of {','.join(known)}, got \"{word}\"")
    return words
