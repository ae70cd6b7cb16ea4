# SPDX-License-Identifier: Apache-2.0
"""Goal: an image holds the program, what it needs to run and nothing else, and runs without
rights. Method: what the engine knows of the image, its files, and the program started in it."""

import json

import pytest
from images import DEBIAN
from support import ROOT

MIB = 1024 * 1024
SERVICE_MIB_MAX = 25
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/Dockerfile"))
JOBS = {"audit", "topics"}  # they end, so they have no health
LOCKED = ["--rm", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
          "--network=none"]


def inspect(engine, image):
    return json.loads(engine.out("image", "inspect", image))[0]


def files(engine, image):
    """The paths of all files of an image."""
    container = engine.out("create", image)
    try:
        return engine.files(container)
    finally:
        engine.run(["rm", container])


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_labelled_and_runs_as_nobody(engine, images, service):
    config = inspect(engine, images[service])["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == [service]
    assert config["StopSignal"] == "SIGTERM"
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == f"weir/{service}"
    assert labels["org.opencontainers.image.version"] == images[service].rpartition(":")[2]
    assert labels["org.opencontainers.image.revision"] not in ("", "unknown")
    if service not in JOBS:
        assert config["Healthcheck"]["Test"] == ["CMD", service, "--probe"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_program_runs_without_rights_on_a_read_only_root(engine, images, service):
    version = images[service].rpartition(":")[2]
    assert engine.out("run", *LOCKED, images[service], "--version") == f"{service} {version}"
    probe = engine.run(["run", *LOCKED, images[service], "--probe"], check=False)
    if service not in JOBS:  # nothing runs there that could be ready
        assert (probe.returncode, "connecting" in probe.stdout) == (1, True)


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_inside_that_was_only_needed_to_build(engine, images, service):
    paths = files(engine, images[service])
    assert f"usr/local/bin/{service}" in paths
    tools = ("gcc", "g++", "cc", "c++", "ld", "as", "make", "cmake", "ninja", "node", "npm",
             "curl", "wget", "python3")
    found = [path for path in paths if path.startswith(("usr/bin/", "usr/local/bin/"))
             and path.rpartition("/")[2] in tools]
    assert found == []
    assert not [path for path in paths
                if path.startswith(("src/", "usr/include/")) and not path.endswith("/")]
    assert not [path for path in paths
                if path.startswith("var/cache/apt/") and path.endswith("bin")]
    programs = [path for path in paths if path.startswith("usr/local/bin/") and path[-1] != "/"]
    assert programs == [f"usr/local/bin/{service}"]


def test_the_layers_of_each_service_are_small(engine, images):
    base = inspect(engine, DEBIAN)["Size"]
    sizes = {service: (inspect(engine, image)["Size"] - base) / MIB
             for service, image in images.items()}
    print(f"\n{'image':18} {'MiB above ' + DEBIAN:>30}   ({DEBIAN}: {base / MIB:.1f} MiB)")
    for service, size in sizes.items():
        print(f"{service:18} {size:30.1f}")
    assert {s: size for s, size in sizes.items() if size > SERVICE_MIB_MAX} == {}
