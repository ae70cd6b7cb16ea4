# SPDX-License-Identifier: Apache-2.0
"""Goal: the job creates what a list asks for, changes nothing that is there, and says every
difference. Method: the real binary against a real broker; a second client looks at the result."""

import time

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource


@pytest.fixture
def topics(job, kafka, run_dir):
    def run(text, *more, servers=None):
        path = run_dir / "topics.toml"
        path.write_text(text)
        return job("topics", ["--bootstrap-servers", servers or kafka.bootstrap_servers,
                              "--file", path, *more])
    return run


def entry(name, partitions, config=""):
    return f'[[topic]]\nname = "{name}"\npartitions = {partitions}\nconfig = {{ {config} }}\n'


@pytest.mark.alone  # a second run takes less than a second
def test_creates_what_is_missing_and_nothing_the_second_time(topics, kafka, unique):
    first, second = unique("first"), unique("second")
    text = entry(first, 3, '"retention.ms" = 600000') + entry(second, 1)
    run = topics(text)
    assert run.exit_code == 0, run.log_text()
    assert run.log_text().count("created") == 2

    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    found = admin.list_topics(timeout=10).topics
    assert len(found[first].partitions) == 3 and len(found[second].partitions) == 1
    assert all(p.leader >= 0 for p in found[first].partitions.values())
    resource = ConfigResource("topic", first)
    config = admin.describe_configs([resource])[resource].result(timeout=10)
    assert config["retention.ms"].value == "600000"

    began = time.monotonic()
    again = topics(text)
    assert again.exit_code == 0
    assert again.log_text().count("exists") == 2
    assert time.monotonic() - began < 1.0


def test_another_number_of_partitions_fails(topics, topic):
    name = topic("in", partitions=2)
    run = topics(entry(name, 4))
    assert run.exit_code == 1
    assert "partitions: expected 4, found 2" in run.log_text()


def test_another_config_warns_or_fails_as_told(topics, topic):
    name = topic("in", partitions=1, retention_ms=1000)
    text = entry(name, 1, '"retention.ms" = 5000')
    warned = topics(text)
    assert warned.exit_code == 0
    assert "retention.ms: expected 5000, found 1000" in warned.log_text()
    assert topics(text, "--differences", "fail").exit_code == 1


def test_a_refused_topic_does_not_keep_the_others_from_being_created(topics, unique):
    bad, good = unique("bad"), unique("good")
    run = topics(entry(bad, 1, '"retention.days" = 3') + entry(good, 1))
    assert run.exit_code == 1
    assert "Unknown topic config name: retention.days" in run.log_text()
    assert f"created  {good}" in run.log_text()


def test_waits_for_the_broker_only_so_long(topics, free_port):
    began = time.monotonic()
    run = topics(entry("any", 1), "--wait", "1s", servers=f"127.0.0.1:{free_port()}")
    assert run.exit_code == 1
    assert "within --wait 1s" in run.log_text()
    assert time.monotonic() - began < 5


def test_check_reads_the_list_and_touches_no_network(topics):
    assert topics(entry("a", 1), "--check", servers="127.0.0.1:1").exit_code == 0
    bad = topics(entry("a", 0) + entry("b/c", 1), "--check", servers="127.0.0.1:1")
    assert bad.exit_code == 2
    assert "line 3: partitions" in bad.log_text() and "b/c" in bad.log_text()
