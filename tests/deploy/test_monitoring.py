# SPDX-License-Identifier: Apache-2.0
"""deploy/monitoring against what it watches: Prometheus, promtool and the services are real, and
every metric it names is one that a running service shows. No Grafana takes part: of the dashboards,
the form and the queries are tested, not the picture.
"""

import importlib
import json
import re
import subprocess

import metrics_page
import pytest
import yaml
from prometheus import MONITORING, Prometheus, grouping_labels, selectors
from support import ROOT, wait_until
from watched import SERVICES, Watched

RULES = sorted((MONITORING / "rules").glob("*.yml"))
RULE_TESTS = sorted((ROOT / "tests" / "deploy" / "rules").glob("*_test.yml"))
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))


def load(path):
    return yaml.safe_load(path.read_text())


def rules(kind):
    """Every rule of a kind, "alert" or "record"."""
    return [rule for path in RULES for group in load(path)["groups"] for rule in group["rules"]
            if kind in rule]


def panels(path):
    return [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]


def dashboard_queries():
    """[(what, query, legend)] as Grafana would send them, its variables filled in."""
    queries = []
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                query = target["expr"].replace("$instance", ".*").replace("$__rate_interval", "30s")
                queries.append((f"{path.stem}: {panel['title']}", query, target["legendFormat"]))
    return queries


def report(offences):
    assert not offences, "\n" + "\n".join(offences)


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# Without running services.


def test_promtool_accepts_the_configuration_and_the_rules():
    promtool("check", "config", MONITORING / "prometheus.yml")
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(path):
    promtool("test", "rules", path)


def test_every_alert_is_tested_both_ways():
    fires, quiet = set(), set()
    for path in RULE_TESTS:
        for case in load(path)["tests"]:
            for expected in case["alert_rule_test"]:
                (fires if expected["exp_alerts"] else quiet).add(expected["alertname"])
    alerts = {rule["alert"] for rule in rules("alert")}
    assert alerts and fires == alerts and quiet == alerts


def test_every_alert_says_how_grave_it_is_and_leads_to_what_to_do():
    readme = (MONITORING / "README.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", readme, re.MULTILINE)}
    for rule in rules("alert"):
        name = rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning"), name
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, name
        page, anchor = rule["annotations"]["runbook"].split("#")
        assert ROOT / page == MONITORING / "README.md" and anchor == name.lower(), name
        assert anchor in headings, f"README.md has no section {name}"
    assert len(headings) == len(rules("alert"))


def test_every_service_is_watched_by_its_own_name():
    [scrape] = [each for each in load(MONITORING / "prometheus.yml")["scrape_configs"]
                if each["job_name"] == "weir"]
    assert scrape["dns_sd_configs"][0]["names"] == SERVICES
    named = re.findall(r'job=~"([^"]+)"', (MONITORING / "rules" / "services.yml").read_text())
    assert len(named) == 3 and set(named) == {"|".join(SERVICES)}
    assert {path.stem for path in DASHBOARDS} == {*SERVICES, "pipeline"}


def test_the_dashboards_are_what_the_generator_writes(monkeypatch):
    monkeypatch.syspath_prepend(MONITORING / "grafana")
    generator = importlib.import_module("make_dashboards")
    written = {path.stem: path.read_text() for path in DASHBOARDS}
    made = {name: generator.text_of(generator.dashboard(name, rows)) + "\n"
            for name, rows in generator.DASHBOARDS.items()}
    assert list(sorted(made)) == list(written)
    for name, text in made.items():
        assert written[name] == text, f"{name}.json is stale: run grafana/make_dashboards.py"


def test_panels_lie_beside_each_other_and_not_on_each_other():
    for path in DASHBOARDS:
        every = json.loads(path.read_text())["panels"]
        assert len({panel["id"] for panel in every}) == len(every)
        cells = [(x, y) for panel in every for place in [panel["gridPos"]]
                 for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])]
        assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24, path.name
        titles = [panel["title"] for panel in every]
        assert len(set(titles)) == len(titles), path.name


# With everything at work.


@pytest.fixture(scope="module")
def system(bin_dir, session_dir):
    watched = Watched(session_dir / "watched", bin_dir)
    try:
        yield watched.start()
    finally:
        watched.stop()


@pytest.fixture(scope="module")
def shown(system):
    """{service: exposition}."""
    return system.exposition()


@pytest.fixture(scope="module")
def prometheus(system, session_dir):
    targets = {name: f"127.0.0.1:{system[name].admin_port}" for name in SERVICES}
    process = Prometheus(session_dir / "watched", targets).start().wait_ready()
    # Rates need two scrapes, and what is made of recorded series one evaluation more.
    wait_until(lambda: process.query("min(count_over_time(up[1m])) >= 4"), "four scrapes")
    yield process
    process.stop()


def test_every_service_is_scraped_under_its_name_and_ready(prometheus):
    for metric in ("up", "weir_ready", "weir_alive"):
        found = {labels["job"]: value for labels, value in prometheus.query(metric)}
        assert {job: found.get(job) for job in SERVICES} == dict.fromkeys(SERVICES, 1), metric
    assert {labels["job"] for labels, _ in prometheus.query("weir_build_info")} == set(SERVICES)
    assert {value for _, value in prometheus.query("weir_condition_met")} == {1}


def test_every_rule_is_evaluated_without_an_error(prometheus):
    groups = prometheus.ask("rules")["groups"]
    found = [rule for group in groups for rule in group["rules"]]
    assert len(found) == len(rules("alert")) + len(rules("record"))
    report([f"{rule['name']}: {rule.get('lastError')}" for rule in found if rule["health"] != "ok"])
    report([f"{rule['record']} has no series" for rule in rules("record")
            if not prometheus.query(rule["record"])])


def test_what_rules_and_dashboards_ask_for_is_what_the_services_show(prometheus):
    asked = [(rule.get("alert") or rule["record"], rule["expr"])
             for rule in rules("alert") + rules("record")]
    asked += [(what, query) for what, query, _ in dashboard_queries()]
    series = {}
    missing = []
    for what, query in asked:
        labels = {"le"} if "_bucket" in query else set()
        for selector in selectors(query):
            if selector not in series:
                series[selector] = prometheus.query(selector)
            labels |= {label for found, _ in series[selector] for label in found}
            if not series[selector]:
                missing.append(f"{what}: nobody shows {selector}")
        missing += [f"{what}: no series has the label {label}"
                    for label in grouping_labels(query) - labels]
    assert len(series) > 60
    report(missing)


def test_every_query_of_the_dashboards_has_an_answer(prometheus):
    queries = dashboard_queries()
    assert len(queries) > 100
    wanting = []
    for what, query, legend in queries:
        answer = prometheus.query(query)
        needed = set(re.findall(r"\{\{(\w+)\}\}", legend))
        if not answer:
            wanting.append(f"{what}: no data for {query}")
        elif not all(needed <= set(labels) for labels, _ in answer):
            wanting.append(f"{what}: {query} lacks a label of its legend {legend}")
    report(wanting)


def test_every_metric_of_a_service_is_on_its_dashboard(shown):
    unseen = []
    for path in DASHBOARDS:
        if path.stem in shown:
            asked = json.dumps(panels(path))
            unseen += [f"{path.stem}: {name}" for name in metrics_page.families(shown[path.stem])
                       if not re.search(rf"\b{name}(_bucket|_count)?\b", asked)]
    report(unseen)


def test_rule_tests_play_series_that_the_services_show(shown):
    known = {}
    for text in shown.values():
        for name, family in metrics_page.families(text).items():
            known.setdefault(name, []).append(set(family.labels))
    wrong = []
    for path in RULE_TESTS:
        for case in load(path)["tests"]:
            for series in case["input_series"]:
                name, labels = re.match(r"(\w+)\{(.*)\}", series["series"]).groups()
                own = set(re.findall(r'(\w+)="', labels)) - {"job", "instance", "le"}
                family = name.removesuffix("_bucket")
                if name != "up" and own not in known.get(family, []):
                    wrong.append(f"{path.name}: {series['series']}")
    report(wrong)


def test_the_metrics_page_is_what_the_services_show(shown):
    page = ROOT / "docs" / "reference" / "metrics.md"
    assert page.read_text() == metrics_page.page(shown), f"{page} is stale: run `make docs`"


def test_what_goes_wrong_is_told(prometheus, system):
    """The bridge has had a message that is no reading; the emitter is killed."""
    def alerts(name):
        return [alert for alert in prometheus.ask("alerts")["alerts"]
                if alert["labels"]["alertname"] == name]
    wait_until(lambda: {alert["labels"]["job"] for alert in alerts("WeirDeadLetters")
                        if alert["state"] == "firing"} == {"aggregator", "mqtt-bridge"},
               "alerts about both dead letters")
    system["emitter"].kill()
    [down] = wait_until(lambda: alerts("WeirServiceDown"), "an alert about the emitter")
    assert down["labels"]["job"] == "emitter"
    assert "emitter at 127.0.0.1" in down["annotations"]["summary"]
