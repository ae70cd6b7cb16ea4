# SPDX-License-Identifier: Apache-2.0
"""Goal: docs/asyncapi.yaml is a valid document, complete, and strict enough to be worth something.
Method: AsyncAPI's own parser, the lists it must agree with, and examples that are spoilt one part
at a time. tests/system/test_real_records.py holds it to what the services write.
"""

import ast
import copy
import io
import itertools
import re
import tokenize
import tomllib

import pytest
from contracts import PATH, Broken, Contract, Judge
from support import ROOT

SYSTEM = ROOT / "deploy" / "air-quality"
# The options of services that name a Kafka topic, and what is done with it.
SENT = ("output", "partial", "late", "dead-letter")
RECEIVED = ("input", "relay")


@pytest.fixture(scope="module")
def contract():
    return Contract()


def kafka_messages(contract):
    """(topic, message) of every message on Kafka."""
    return [(topic, message) for topic, channel in contract.channels("kafka").items()
            for message in contract.messages(channel)]


def own_headers(message):
    """Weir's headers that a message may have."""
    return set(message.schemas["headers"]["properties"])


def test_the_parser_has_nothing_against_the_document(contract):
    # It is meant to be 3.0: 3.1 brings nothing that is used here, and fewer tools read it.
    assert [d for d in contract.diagnostics if d["rule"] != "asyncapi-latest-version"] == []
    assert contract.document["asyncapi"] == "3.0.0"


@pytest.mark.parametrize("right, wrong", [
    ("action: send", "action: sned"),
    ("$ref: '#/channels/output'", "$ref: '#/channels/nowhere'"),
    ("asyncapi: 3.0.0", "asyncapi: 3.0.0\ncolour: blue"),
])
def test_the_parser_would_say_what_is_wrong(tmp_path, right, wrong):
    spoilt_document = tmp_path / "asyncapi.yaml"
    text = PATH.read_text()
    assert right in text
    spoilt_document.write_text(text.replace(right, wrong, 1))
    assert [d for d in Contract(spoilt_document).diagnostics if d["severity"] == 0]


def test_every_message_has_examples_and_every_example_is_that_message(contract):
    for protocol in ("mqtt", "kafka", "socket.io"):
        judge = Judge(contract, protocol)
        for address, channel in contract.channels(protocol).items():
            for message in contract.messages(channel):
                keys = message.schemas["key"].get("examples", [])
                assert message.examples and (protocol != "kafka" or keys), message.name
                for example, key in itertools.product(message.examples, keys or [None]):
                    event = message.name if protocol == "socket.io" else None
                    assert judge.name(address.replace("{device}", "device1"), example["payload"],
                                      key, example.get("headers"), event) == message.name


def test_it_has_the_topics_that_are_created_and_no_other(contract):
    channels = contract.channels("kafka")
    listed = {topic["name"]: topic["partitions"] for file in ROOT.glob("deploy/*/topics.toml")
              for topic in tomllib.loads(file.read_text())["topic"]}
    assert {name: channel["bindings"]["kafka"]["partitions"]
            for name, channel in channels.items()} == listed


def test_its_operations_are_what_the_services_are_started_with(contract):
    started = set()
    for service in tomllib.loads((SYSTEM / "system.toml").read_text())["service"]:
        options = service.get("options", {})
        for name in set(options) & {*SENT, *RECEIVED}:
            values = options[name] if isinstance(options[name], list) else [options[name]]
            action = "send" if name in SENT else "receive"
            started |= {(service["name"], action, value.split("=")[0]) for value in values}
    topics = contract.channels("kafka")
    described = {(operation["tags"][0]["name"], operation["action"],
                  operation["channel"]["address"])
                 for operation in contract.document["operations"].values()}
    assert {entry for entry in described if entry[2] in topics} == started
    for name, operation in contract.document["operations"].items():
        assert name.startswith(f"{operation['tags'][0]['name']}-{operation['action']}s-"), name


def test_it_has_the_headers_of_the_code_and_no_other(contract):
    code = (ROOT / "libs" / "kafka" / "headers.hpp").read_text()
    used = set().union(*(own_headers(message) for _, message in kafka_messages(contract)))
    assert used == set(re.findall(r'std::string_view \w+ = "([^"]+)"', code))
    schemas = contract.document["components"]["schemas"]
    assert {name for name in schemas if name.startswith("weir-")} == used


def test_the_prose_page_has_the_same_headers_on_the_same_records(contract):
    words = {  # of the table's column "On": the messages it speaks of
        "everything Weir writes": {"timed-reading", "stamped-reading", "result", "partial-result",
                                   "late-reading", "dead-message", "dead-record"},
        "input": {"timed-reading", "stamped-reading"},
        "stamped input": {"stamped-reading"},
        "results": {"result"},
        "partial": {"partial-result"},
        "late": {"late-reading"},
        "dead letters": {"dead-message", "dead-record"},
        "dead letters of the bridge": {"dead-message"},
        "dead letters of the aggregator": {"dead-record"},
        "status": set(),  # of topics this system does not have
        "status of the bridge": set(),
    }
    page = (ROOT / "docs" / "topics.md").read_text()
    told = {}
    for names, where in re.findall(r"^\| (`weir-[^|]*) \| ([^|]*) \|", page, re.MULTILINE):
        for name in re.findall("`([^`]+)`", names):
            told[name] = set().union(*(words[word] for word in where.split(", ")))
    # What is passed on whole keeps the headers of the input, and a header of its own says what is
    # not whole; the page says both in a sentence.
    passed_on = {"weir-event-time-source", "weir-maybe-duplicate", "weir-mqtt-retained"}
    described = {name: set() for name in told}
    for _, message in kafka_messages(contract):
        for name in own_headers(message):
            if not (name in passed_on and message.name in ("late-reading", "dead-record")):
                described[name].add(message.name.replace("late-beginning", "late-reading"))
    assert described == told


def spoilt(message):
    """The message's first example with one thing wrong, again and again: (what, key, headers,
    value)."""
    example, key = message.examples[0], message.schemas["key"]["examples"][0]
    headers, value = example["headers"], example["payload"]
    for name in message.schemas["headers"]["required"]:
        yield f"no {name}", key, {n: v for n, v in headers.items() if n != name}, value
    for name in headers:
        yield f"{name} is empty", key, headers | {name: ""}, value
        yield f"{name} is no text", key, headers | {name: 7}, value
    yield "an unknown header", key, headers | {"weir-colour": "blue"}, value
    yield "a key that is no text", 7, headers, value
    if message.type != "application/json":
        return
    yield "no JSON", key, headers, b'{"timestamp":'
    yield "not a number", key, headers, b'{"timestamp":"2024-10-07","device_name":"a","data":NaN}'
    for field in message.schemas["value"]["required"]:
        yield f"no {field}", key, headers, {n: v for n, v in value.items() if n != field}
        yield f"{field} of another kind", key, headers, value | {field: [7]}


def test_a_record_with_one_thing_wrong_is_not_taken_for_a_good_one(contract):
    judge, count = Judge(contract, "kafka"), 0
    for topic, message in kafka_messages(contract):
        judge.name(topic, message.examples[0]["payload"], message.schemas["key"]["examples"][0],
                   message.examples[0]["headers"])
        for what, key, headers, value in spoilt(message):
            count += 1
            try:
                taken_for = judge.name(topic, value, key, headers)
            except Broken:
                continue
            # Without its mark a stamped reading is a timed one.
            assert (message.name, taken_for) == ("stamped-reading", "timed-reading"), what
    assert count > 100


@pytest.mark.parametrize("path, wrong", [
    (("average",), "669.427"), (("window", "end"), "2026-11-27T05:33:00Z"),
    (("window", "end"), "2026-11-27 05:33:00.000"), (("window", "width"), 15), (("seq",), 3),
])
def test_results_are_closed_objects_with_times_of_one_form(contract, path, wrong):
    topic, message = next(pair for pair in kafka_messages(contract) if pair[1].name == "result")
    example = copy.deepcopy(message.examples[0])
    place = example["payload"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    with pytest.raises(Broken, match=path[-1]):
        Judge(contract, "kafka").name(topic, example["payload"], "device2", example["headers"])


@pytest.mark.parametrize("time, good", [
    ("2024-10-07 13:02:45.123456", True), ("2024-10-07T13:02:45+02:00", True), ("2024-10-07", True),
    ("2024-10-07T13:02Z", True), (1728306165.5, True), (1728306165123, True),
    ("07.10.2024", False), ("2024-13-07", False), ("2024-10-07 24:00", False),
    ("1969-12-31 23:59:59", False), ("yesterday", False), (-1, False), (True, False), (None, False),
])
def test_event_times_are_those_the_aggregator_reads(contract, time, good):
    judge = Judge(contract, "kafka")
    value = {"timestamp": time, "device_name": "device1", "data": 1}
    record = ("kafka-spark-integration-input", value, "device1", {"weir-origin": "x/host-1"})
    if good:
        assert judge.name(*record) == "timed-reading"
    else:
        with pytest.raises(Broken, match="timestamp"):
            judge.name(*record)


def code_lines(text):
    """Lines with code on them: no comments, no blank lines, no doc strings."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
             tokenize.ENDMARKER}
    numbers = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            numbers.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            numbers.difference_update(range(node.lineno, node.end_lineno + 1))
    return len(numbers)


def test_the_examples_are_as_short_as_the_page_says_and_as_it_shows_them():
    page = (ROOT / "docs" / "your-own-service.md").read_text()
    bridge, aggregator = ((ROOT / "examples" / "python" / name).read_text()
                          for name in ("mqtt_bridge.py", "aggregator.py"))
    assert "A bridge in thirty lines" in page and code_lines(bridge) <= 30
    assert "An aggregator in ninety lines" in page and code_lines(aggregator) <= 90
    assert f"```python\n{bridge[bridge.index('import json'):]}```" in page
