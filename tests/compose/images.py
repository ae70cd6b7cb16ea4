# SPDX-License-Identifier: Apache-2.0
"""Builds what the tests run: the stand-ins for upstream images, and Weir's own by `make images`.

No image can be pulled where these tests run; see standins/README.md. As a program it fills the data
of the tests' engine, so that the tests find all images there.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / folder) for folder in ("deploy/local", "tests")]

from engine import DATA, Engine, impossible  # noqa: E402
from weir_local.kafka import installed  # noqa: E402

STANDINS = Path(__file__).resolve().parent / "standins"
DEBIAN = "debian:trixie-slim"
NODE = ["node-linux-" + {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()] + "@22.23.3",
        "npm@10.9.9"]
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def settings(file):
    """The variables of a .env file."""
    lines = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _, value in lines if name and not name.startswith("#")}


def upstream(env):
    """{stand-in: the name the compose files have for it}, by the versions of an .env file."""
    return {"kafka": f"apache/kafka:{env['KAFKA_VERSION']}",
            "mosquitto": f"eclipse-mosquitto:{env['MOSQUITTO_VERSION']}",
            "haproxy": f"haproxy:{env['HAPROXY_VERSION']}",
            "node": "node:22-slim"}


def build_base(engine):
    """Debian 13 as its slim image has it: no documentation, no package lists."""
    print(f"stand-in {DEBIAN}: from packages", flush=True)
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*"
                for name in ("doc", "info", "locale", "man")]
    archive = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"],
        check=True, capture_output=True, text=True).stdout.split()[0]
    make = subprocess.Popen(["mmdebstrap", "--quiet", "--variant=minbase", *left_out,
                             "trixie", "-", archive], stdout=subprocess.PIPE)
    engine.run(["import", "--change", 'CMD ["bash"]', "-", DEBIAN], stdin=make.stdout,
               timeout=600)
    assert make.wait() == 0, "mmdebstrap failed"


def build_standin(engine, name, tag):
    print(f"stand-in {tag}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / name
        shutil.copytree(STANDINS / name, context)
        if name == "kafka":
            shutil.copytree(installed() / "lib", context / "lib")
        if name == "node":
            subprocess.run(["npm", "install", "--global", "--prefix", context / "usr/local",
                            "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
                            *NODE], check=True, stdout=subprocess.DEVNULL)
            shutil.copy(AUTHORITIES, context / "authorities.crt")
        engine.run(["build", "--tag", tag, context], timeout=600)


def build_all(engine, env):
    """Everything, and how many seconds the stand-ins and Weir's images took."""
    began = time.monotonic()
    if not engine.has_image(DEBIAN):
        build_base(engine)
    missing = {name: tag for name, tag in upstream(env).items() if not engine.has_image(tag)}
    # The emitter's image needs node; the others are built while Weir compiles.
    if tag := missing.pop("node", None):
        build_standin(engine, "node", tag)
    failures = []

    def others():
        try:
            for name, tag in missing.items():
                build_standin(engine, name, tag)
        except Exception as error:  # shown by the thread that waits
            failures.append(error)
    beside = threading.Thread(target=others)
    beside.start()
    own = time.monotonic()
    log = ROOT / "build" / "test-results" / "images.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(["make", "images"], cwd=ROOT, env=engine.environ, stdout=output,
                              stderr=subprocess.STDOUT, timeout=1500)
    ended = time.monotonic()
    beside.join()
    assert not failures, failures[0]
    assert done.returncode == 0, f"make images failed:\n{log.read_text()[-4000:]}"
    return own - began, ended - own


def main():
    if reason := impossible():
        sys.exit(reason)
    folder = Path(tempfile.mkdtemp(prefix="weir-images-"))
    engine = Engine(DATA, folder)
    try:
        engine.start().wait_ready()
        standins, own = build_all(engine, settings(ROOT / "deploy" / "air-quality" / ".env"))
        print(f"images: stand-ins {standins:.0f} s, make images {own:.0f} s", flush=True)
    finally:
        engine.stop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
