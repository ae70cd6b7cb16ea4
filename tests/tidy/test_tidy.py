# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to its own rules: layers, sizes, names, licence lines, fresh pages.

Each rule is a plain function over the tracked files and lists every offence at once.
"""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from support import all_files

ROOT = Path(__file__).resolve().parents[2]
CODE = {".cpp", ".hpp", ".h", ".ino", ".py", ".js", ".mjs", ".css", ".cmake", ".sh"}
LINE_COLUMNS_MAX = 100
FILE_LINES_MAX = 450
MAIN_LINES_MAX = 80


def tracked(*suffixes):
    return [p for p in all_files() if p.is_file() and (not suffixes or p.suffix in suffixes)]


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def report(offences):
    assert not offences, "\n" + "\n".join(offences)


def name(path):
    return str(path.relative_to(ROOT))


def room_of(path):
    """The room a file belongs to: a lib, a service, a tool of the tests; a unit test belongs to
    the room it tests."""
    parts = path.relative_to(ROOT).parts
    if parts[0] in ("libs", "services"):
        return parts[0], parts[1]
    if parts[:2] in (("tests", "tools"), ("tests", "unit")) and len(parts) > 3:
        return parts[1], parts[2]
    return parts[0], parts[-1].split(".")[0]


def services():
    return sorted(p.parent for p in (ROOT / "services").glob("*/CMakeLists.txt"))


INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(lines(path), 1):
        if match := INCLUDE.match(line):
            yield number, match.group(1)


@pytest.fixture(scope="module")
def layers():
    return tomllib.loads((ROOT / "tests/tidy/layers.toml").read_text())


def test_arrows_only_run_down(layers):
    libs = layers["libs"]
    offences = [f"libs/{lib}: not in tests/tidy/layers.toml" for lib in
                {room_of(p)[1] for p in tracked(".hpp") if room_of(p)[0] == "libs"} - libs.keys()]
    for path in tracked(".cpp", ".hpp"):
        kind, room = room_of(path)
        for number, include in includes(path):
            target = include.split("/")[0] if "/" in include else None
            if target not in libs:
                continue
            if kind == "libs" and target != room and target not in libs.get(room, []):
                offences.append(f"{name(path)}:{number}: libs/{room} may not include {target}")
    report(offences)


def test_no_service_includes_another(layers):
    services = {p.name for p in (ROOT / "services").iterdir()}
    offences = []
    for path in tracked(".cpp", ".hpp"):
        kind, room = room_of(path)
        if kind != "services":
            continue
        for number, include in includes(path):
            if include.split("/")[0] in services - {room} or include.startswith(".."):
                offences.append(f"{name(path)}:{number}: includes {include}")
    report(offences)


def test_a_third_party_library_enters_through_its_own_room(layers):
    allowed = layers["third_party"]
    offences = []
    for path in tracked(".cpp", ".hpp"):
        kind, room = room_of(path)
        for number, include in includes(path):
            rooms = allowed.get(include.split("/")[0])
            if rooms is not None and "*" not in rooms and room not in rooms:
                offences.append(f"{name(path)}:{number}: {include} belongs to {', '.join(rooms)}")
    report(offences)


def test_headers_are_guarded_and_every_code_file_states_its_licence():
    offences = []
    for path in tracked(*CODE):
        text = path.read_text(encoding="utf-8")
        if "SPDX-License-Identifier: Apache-2.0" not in text[:400]:
            offences.append(f"{name(path)}: no SPDX line")
        if path.suffix == ".hpp" and "#pragma once" not in text:
            offences.append(f"{name(path)}: no #pragma once")
    report(offences)


def test_lines_and_files_stay_short():
    offences = []
    for path in tracked(".cpp", ".hpp", ".h", ".ino", ".py"):
        content = lines(path)
        if len(content) > FILE_LINES_MAX:
            offences.append(f"{name(path)}: {len(content)} lines, at most {FILE_LINES_MAX}")
        if path.name == "main.cpp" and len(content) > MAIN_LINES_MAX:
            offences.append(f"{name(path)}: {len(content)} lines, at most {MAIN_LINES_MAX}")
        offences += [f"{name(path)}:{number}: {len(line)} columns"
                     for number, line in enumerate(content, 1) if len(line) > LINE_COLUMNS_MAX]
    report(offences)


def test_nothing_is_left_for_later():
    words = re.compile(r"\b(TO" "DO|FIX" "ME|XX" "X|HA" "CK)\\b")
    report([f"{name(path)}:{number}: {line.strip()}"
            for path in tracked(*CODE, ".md", ".toml", ".yaml", ".txt")
            for number, line in enumerate(lines(path), 1) if words.search(line)])


def test_every_service_has_the_same_files():
    offences = []
    for service in services():
        for wanted in ("README.md", "options.hpp", "options.cpp", "main.cpp"):
            if not (service / wanted).exists():
                offences.append(f"{name(service)}: no {wanted}")
    report(offences)


def test_links_between_pages_lead_somewhere():
    link = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
    offences = []
    for path in tracked(".md"):
        for number, line in enumerate(lines(path), 1):
            for target, _ in link.findall(line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not (path.parent / target).exists():
                    offences.append(f"{name(path)}:{number}: {target} does not exist")
    report(offences)


def test_every_make_target_a_page_names_exists():
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.M))
    named = re.compile(r"`(?:[A-Z_]+=\S+ )*make ([a-z][a-z0-9-]*)")
    report([f"{name(path)}:{number}: make {target} is no target"
            for path in tracked(".md")
            for number, line in enumerate(lines(path), 1)
            for target in named.findall(line) if target not in targets])


def test_the_reference_pages_are_what_the_binaries_print():
    binaries = Path(os.environ.get("WEIR_BIN", ROOT / "build/release/bin"))
    offences = []
    for service in (s.name for s in services()):
        printed = subprocess.run([binaries / service, "--print-reference"], check=True,
                                 capture_output=True, text=True).stdout
        page = ROOT / "docs/reference" / f"{service}.md"
        if not page.exists() or page.read_text() != printed:
            offences.append(f"{name(page)} is stale: run `make docs`")
    report(offences)
