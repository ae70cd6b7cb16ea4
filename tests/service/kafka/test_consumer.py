# SPDX-License-Identifier: Apache-2.0
"""Goal: a partition that is begun again while its group changes comes whole. Method: a member of a
group on real Kafka that has not heard yet that another one joined."""

import subprocess

from confluent_kafka import Producer


def test_no_record_is_lost_behind_the_news_of_the_group(kafka, topic, unique, bin_dir):
    name = topic("input")
    # Idempotent, which keeps the order also of what is sent again.
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "enable.idempotence": True})
    for i in range(10):
        producer.produce(name, str(i), partition=0)
    assert producer.flush(10) == 0
    member = subprocess.run([bin_dir / "restarting-member", kafka.bootstrap_servers, name,
                             unique("group")], capture_output=True, text=True, timeout=60)
    assert member.returncode == 0, member.stderr
    assert member.stdout.split() == [str(i) for i in range(10)]
