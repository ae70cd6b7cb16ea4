# SPDX-License-Identifier: Apache-2.0
"""The other systems that do the aggregator's job: how they are built and started."""

import shutil
import subprocess
from pathlib import Path

from weir_local.kafka import installed

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "peers"
CLASSES = ROOT / "build" / "bench" / "classes"

# Event times lie in the past: a changelog that is kept for less time than that loses its state.
KEPT_MS = 20 * 365 * 86_400_000


def installed_streams():
    """The folder `deploy/local/setup bench` made."""
    return installed().with_name(installed().name.replace("kafka-", "kafka-streams-"))


def compile_streams():
    """Makes CLASSES. Errors: SystemExit, with the compiler's words."""
    if not (installed_streams() / "complete").exists():
        raise SystemExit("Kafka Streams is not there: run deploy/local/setup bench")
    shutil.rmtree(CLASSES, ignore_errors=True)
    CLASSES.mkdir(parents=True)
    done = subprocess.run(["javac", "-cp", str(installed_streams() / "lib" / "*"), "-d", CLASSES,
                           SOURCES / "WindowedMean.java"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"javac refuses WindowedMean.java:\n{done.stdout}{done.stderr}")


def streams_command(settings, heap):
    """The aggregator's job by Kafka Streams with these settings, see WindowedMean.java."""
    jars = sorted((installed_streams() / "lib").glob("*.jar"))
    return ["java", f"-Xmx{heap}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            # One line for each reading that is none.
            "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.streams.processor.internals"
            ".RecordQueue=error",
            "-cp", ":".join(map(str, [CLASSES, *jars])), "WindowedMean",
            *(f"{key}={value}" for key, value in settings.items())]
