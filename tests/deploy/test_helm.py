# SPDX-License-Identifier: Apache-2.0
"""The Helm chart: real Helm renders it, Kubernetes' schemas judge it, and the real executables
take what it tells them.

There is no cluster here: that a rendered object does in one what it says is Kubernetes' part.
"""

import re
import subprocess
import tomllib

import chart
import pytest
import yaml
from cases import CASES, METRICS, MONITORING, OPEN, render_case, scaled
from chart import RELEASE, container, environment, of_kind, pod_labels, render, workloads
from support import ROOT

pytestmark = pytest.mark.skipif(not chart.installed(), reason="no Helm for this machine")

each_helm = pytest.mark.parametrize("tool", chart.HELMS)
each_system = pytest.mark.parametrize("system", chart.values_files())
each_case = pytest.mark.parametrize("case", CASES)


def program(workload):
    return container(workload)["name"]


def name(thing):
    return f"{thing['kind']} {thing['metadata']['name']}"


def by_program(objects):
    return {program(workload): workload for workload in workloads(objects)}


@each_helm
@pytest.mark.parametrize("system", [None, *chart.values_files()])
def test_lint_has_nothing_to_say(tool, system):
    words = ["--values", chart.values_files()[system]] if system else []
    said = chart.helm(tool, "lint", "--strict", chart.CHART, *words, values=chart.ADDRESSES)
    assert "0 chart(s) failed" in said and "WARN" not in said


@each_helm
@each_case
@each_system
def test_kubernetes_takes_every_object(system, case, tool):
    objects = render_case(system, case, tool)
    assert len(workloads(objects)) >= 3
    offences = [offence for thing in objects for version in chart.KUBERNETES
                for offence in chart.offences(thing, version)]
    assert not offences, "\n".join(offences)


@each_case
@each_system
def test_helm_3_and_4_render_the_same(system, case):
    def everything(tool):
        return sorted(map(yaml.safe_dump, render_case(system, case, tool)))
    assert everything("helm-3") == everything("helm-4")


@each_helm
def test_no_system_is_nothing(tool):
    assert render(None, tool=tool) == []


def test_what_was_asked_for_is_there():
    def kinds(*values):
        return {thing["kind"] for thing in render("air-quality", *values)}
    always = {"Deployment", "StatefulSet", "Service", "Job", "ConfigMap"}
    policies = {"NetworkPolicy", "PodDisruptionBudget"}
    assert kinds() == always | policies
    assert kinds(OPEN) == always
    assert kinds(METRICS) == always | policies | {"PodMonitor"}
    assert kinds(scaled("air-quality")) == always | policies | {"ScaledObject"}
    assert kinds({"topics": None}) == (always | policies) - {"Job", "ConfigMap"}
    without = by_program(render("air-quality", {"services": {"emitter": {"enabled": False}}}))
    assert "emitter" not in without and "aggregator" in without


@each_case
@each_system
def test_the_executables_take_their_environment(system, case, bin_dir, tmp_path):
    """--print-config names the source of each value, so a variable no option has is found, which
    --check would not find: services share an environment."""
    objects = render_case(system, case)
    for workload in workloads(objects):
        folder = tmp_path / program(workload)
        folder.mkdir()
        chart.folder_of(workload, objects, folder)
        variables = {key: value.replace("/etc/weir", str(folder))
                     for key, value in environment(workload).items()}
        for flag in ("--check", "--print-config"):
            done = subprocess.run([bin_dir / program(workload), flag], env=variables, text=True,
                                  capture_output=True, timeout=30)
            assert done.returncode == 0, done.stderr
        sources = set(re.findall(r"# environment (WEIR_\w+)$", done.stdout, re.M))
        sources |= {f"WEIR_{option.upper().replace('-', '_')}_FILE"
                    for option in re.findall(r"^# ([\w-]+) is set \(secret\)$", done.stdout, re.M)}
        assert sources == set(variables), done.stdout


OF_THE_MACHINE = {"admin", "bootstrap-servers", "file", "listen", "log-format", "mqtt", "page",
                  "stop-timeout", "wait"}


@each_system
def test_a_system_is_the_same_as_on_one_machine(system):
    description = tomllib.loads((ROOT / "deploy" / system / "system.toml").read_text())
    services = {service["name"]: service["options"] for service in description["service"]
                if service.get("variant", description["variant"]) == description["variant"]}
    rendered = by_program(render(system))
    assert set(rendered) == set(services)
    for service, options in services.items():
        wanted = {f"WEIR_{key.upper().replace('-', '_')}":
                  ";".join(value) if isinstance(value, list) else value
                  for key, value in options.items() if key not in OF_THE_MACHINE}
        ours = {f"WEIR_{key.upper().replace('-', '_')}" for key in OF_THE_MACHINE}
        assert wanted == {key: value for key, value in environment(rendered[service]).items()
                          if key not in ours}, service


@each_system
def test_the_topics_are_the_same_as_on_one_machine(system):
    def sorted_topics(text):
        return sorted(tomllib.loads(text)["topic"], key=lambda topic: topic["name"])
    [config_map] = of_kind(render(system), "ConfigMap")
    wanted = (ROOT / "deploy" / system / "topics.toml").read_text()
    assert sorted_topics(config_map["data"]["topics.toml"]) == sorted_topics(wanted)


def test_the_topics_come_before_the_services():
    hooks = {thing["kind"]: thing["metadata"]["annotations"] for thing in render("air-quality")
             if "helm.sh/hook" in thing["metadata"].get("annotations", {})}
    assert set(hooks) == {"ConfigMap", "NetworkPolicy", "Job"}
    for annotations in hooks.values():
        assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"
    weight = {kind: int(each["helm.sh/hook-weight"]) for kind, each in hooks.items()}
    assert max(weight["ConfigMap"], weight["NetworkPolicy"]) < weight["Job"]


@each_case
@each_system
def test_probes_ask_the_admin_port(system, case):
    for workload in of_kind(render_case(system, case), "Deployment", "StatefulSet"):
        pod = container(workload)
        ports = {port["name"]: port["containerPort"] for port in pod["ports"]}
        assert environment(workload)["WEIR_ADMIN"] == f"0.0.0.0:{ports['admin']}"
        for probe, path in {"startupProbe": "/healthz", "livenessProbe": "/healthz",
                            "readinessProbe": "/readyz"}.items():
            assert pod[probe]["httpGet"] == {"path": path, "port": "admin"}
        listen = environment(workload).get("WEIR_LISTEN", "")
        assert {f":{number}" for key, number in ports.items() if key != "admin"} == \
            set(re.findall(r":\d+$", listen))


@each_case
@each_system
def test_selectors_meet_their_pods_and_only_them(system, case):
    objects = render_case(system, case)
    pods = {name(workload): pod_labels(workload) for workload in workloads(objects)}

    def selected(labels):
        return [pod for pod, theirs in pods.items() if labels.items() <= theirs.items()]
    for workload in of_kind(objects, "Deployment", "StatefulSet"):
        own = workload["spec"]["selector"]["matchLabels"]
        assert selected(own) == [name(workload)]
        for rule in workload["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            assert rule["labelSelector"]["matchLabels"] == own
    for service in of_kind(objects, "Service"):
        [workload] = [w for w in workloads(objects)
                      if [name(w)] == selected(service["spec"]["selector"])]
        ports = {port["name"] for port in container(workload)["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for workload in of_kind(objects, "StatefulSet"):
        assert workload["spec"]["podManagementPolicy"] == "Parallel"
        assert workload["spec"]["serviceName"] in {
            service["metadata"]["name"] for service in of_kind(objects, "Service")
            if service["spec"].get("clusterIP") == "None"}
    for monitor in of_kind(objects, "PodMonitor"):
        assert set(selected(monitor["spec"]["selector"]["matchLabels"])) == set(pods)
    if case != "open":
        for kind, which in (("PodDisruptionBudget", ("Deployment", "StatefulSet")),
                            ("NetworkPolicy", ("Deployment", "StatefulSet", "Job"))):
            field = "selector" if kind == "PodDisruptionBudget" else "podSelector"
            covered = [pod for thing in of_kind(objects, kind)
                       for pod in selected(thing["spec"][field]["matchLabels"])]
            assert sorted(covered) == sorted(map(name, of_kind(objects, *which))), kind


@each_case
@each_system
def test_a_policy_lets_through_what_the_options_need_and_no_more(system, case):
    objects = render_case(system, case)
    policies = {thing["metadata"]["name"]: thing["spec"]
                for thing in of_kind(objects, "NetworkPolicy")}
    for workload in workloads(objects) if policies else []:
        policy = policies[workload["metadata"]["name"]]
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        variables = environment(workload)
        needed = {int(port) for key in ("WEIR_BOOTSTRAP_SERVERS", "WEIR_MQTT")
                  for port in re.findall(r":(\d+)", variables.get(key, ""))}
        assert needed, "a service that goes nowhere"
        assert {port["port"] for rule in policy["egress"]
                for port in rule["ports"]} == needed | {53}
        web = {int(port) for port in re.findall(r":(\d+)$", variables.get("WEIR_LISTEN", ""))}
        heard = {port["port"]: rule.get("from") for rule in policy.get("ingress", [])
                 for port in rule["ports"]}
        metrics = CASES[case] and case in ("metrics", "all")
        assert heard.pop(8080, None) == (MONITORING if metrics else None)
        assert set(heard) == web


def test_a_policy_names_the_peers_it_was_given():
    peers = [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    objects = render("air-quality", {"connections": {"kafka": {"to": peers, "ports": [19092]}}})
    [policy] = [thing["spec"] for thing in of_kind(objects, "NetworkPolicy")
                if thing["metadata"]["name"].endswith("-aggregator")]
    assert policy["egress"][1] == {"ports": [{"protocol": "TCP", "port": 19092}], "to": peers}


@each_case
@each_system
def test_pods_have_no_rights_and_time_to_stop(system, case):
    for workload in workloads(render_case(system, case)):
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"] == {
            "runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"}}
        assert container(workload)["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        for volume in pod.get("volumes", []):
            assert volume["projected"]["defaultMode"] == 0o440
        assert set(container(workload)["resources"]["limits"]) == {"memory"}
        if workload["kind"] != "Job":
            pause = container(workload).get("lifecycle", {}).get("preStop", {}).get("sleep", {})
            timeout = int(environment(workload)["WEIR_STOP_TIMEOUT"].removesuffix("s"))
            assert pod["terminationGracePeriodSeconds"] > timeout + pause.get("seconds", 0)


def test_each_service_is_of_the_kind_it_needs():
    objects = render("air-quality")
    services = by_program(objects)
    assert services["aggregator"]["kind"] == "StatefulSet"  # its host name must come back
    # Two bridges under one client id would end each other's session.
    assert services["mqtt-bridge"]["spec"]["strategy"] == {"type": "Recreate"}
    [emitter] = [thing["spec"] for thing in of_kind(objects, "Service")
                 if thing["metadata"]["name"].endswith("-emitter")]
    assert emitter["sessionAffinity"] == "ClientIP"


def test_stop_seconds_reach_the_service_and_the_pod():
    values = {"services": {"emitter": {"stopSeconds": 40, "preStopSeconds": 7}}}
    emitter = by_program(render("air-quality", values))["emitter"]
    assert environment(emitter)["WEIR_STOP_TIMEOUT"] == "40s"
    assert emitter["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 52


def test_autoscaling_takes_the_replicas_over():
    objects = render_case("air-quality", "scaled")
    aggregator = by_program(objects)["aggregator"]
    assert "replicas" not in aggregator["spec"]
    assert by_program(render("air-quality"))["aggregator"]["spec"]["replicas"] == 2
    [scaled] = of_kind(objects, "ScaledObject")
    assert scaled["spec"]["scaleTargetRef"]["kind"] == aggregator["kind"]
    assert scaled["spec"]["scaleTargetRef"]["name"] == aggregator["metadata"]["name"]
    trigger = scaled["spec"]["triggers"][0]["metadata"]
    variables = environment(aggregator)
    assert trigger["consumerGroup"] == variables["WEIR_GROUP"]
    assert trigger["topic"] == variables["WEIR_INPUT"]
    assert trigger["bootstrapServers"] == variables["WEIR_BOOTSTRAP_SERVERS"]
    assert trigger["lagThreshold"] == "1000000"


def test_new_texts_make_new_pods():
    def sums(text):
        values = {"services": {"emitter": {"files": {"a.txt": {"text": text}}}}}
        emitter = by_program(render("air-quality", values))["emitter"]
        return emitter["spec"]["template"]["metadata"]["annotations"]
    assert sums("one") != sums("two")


@each_helm
def test_big_numbers_stay_numbers(tool):
    values = {"services": {"aggregator": {"options": {"open-windows-max": 123456789,
                                                      "max-ahead": ""}}}}
    variables = environment(by_program(render("air-quality", values, tool=tool))["aggregator"])
    assert variables["WEIR_OPEN_WINDOWS_MAX"] == "123456789"
    assert variables["WEIR_MAX_AHEAD"] == ""


def test_another_service_costs_a_few_values():
    postgres = {"option": "database", "address": "postgres://db:5432/w"}
    values = {"connections": {"postgres": postgres},
              "programs": {"sink-postgres": {"connects": ["kafka", "postgres"]}},
              "services": {"sink-postgres": {"options": {"input": "readings"}},
                           "second": {"program": "sink-postgres", "tag": "9"}}}
    objects = render(None, values)
    assert not [offence for thing in objects for offence in chart.offences(thing, "1.37")]
    first, second = sorted(workloads(objects), key=name, reverse=True)
    assert environment(first)["WEIR_DATABASE"] == "postgres://db:5432/w"
    assert container(second)["image"] == "weir/sink-postgres:9"
    assert {port["port"] for thing in of_kind(objects, "NetworkPolicy")
            for rule in thing["spec"]["egress"] for port in rule["ports"]} == {53, 5432, 9092, 9093}


def test_the_notes_say_how_to_go_on():
    words = ["install", RELEASE, chart.CHART, "--dry-run=client"]
    values = ["--values", chart.values_files()["air-quality"]]
    notes = chart.helm("helm-4", *words, *values, values=chart.ADDRESSES).partition("NOTES:")[2]
    assert "aggregator, device-simulator, emitter, mqtt-bridge" in notes
    assert f"service/{RELEASE}-emitter 5000" in notes
    assert "values-air-quality.yaml" in chart.helm("helm-4", *words).partition("NOTES:")[2]


def test_the_pages_commands_work():
    """Every `helm install` and `helm upgrade` of the pages, rendered in place of carried out."""
    found = []
    for page in (chart.CHART / "README.md", chart.CHART / "values-air-quality.yaml"):
        text = re.sub(r" *\\\n[# ]*", " ", page.read_text())
        found += re.findall(r"^[# ]*helm (?:install|upgrade) (.*)$", text, re.M)
    assert len(found) >= 2
    for words in found:
        chart.helm("helm-4", "template", *(
            str(ROOT / word) if word.startswith("deploy/") else word for word in words.split()))


def test_the_pages_values_work():
    [values] = re.findall(r"```yaml\n(.*?)```", (chart.CHART / "README.md").read_text(), re.S)
    objects = render("air-quality", yaml.safe_load(values))
    assert {"ScaledObject", "PodMonitor"} <= {thing["kind"] for thing in objects}
    assert not [offence for thing in objects for offence in chart.offences(thing, "1.37")]


def test_what_is_nearer_to_a_service_counts_more():
    values = {"connections": {"kafka": {"options": {"log-level": "debug", "log-format": "text"}}},
              "defaults": {"options": {"log-level": "info"}},
              "programs": {"aggregator": {"options": {"window": "1m", "grace": "1m"}}},
              "services": {"aggregator": {"options": {"window": "2m"}}}}
    variables = environment(by_program(render("air-quality", values))["aggregator"])
    assert variables["WEIR_LOG_LEVEL"] == "info" and variables["WEIR_LOG_FORMAT"] == "json"
    assert variables["WEIR_WINDOW"] == "2m"
    assert variables["WEIR_GRACE"] == "15s"  # the system's


def test_every_service_has_a_program_and_its_image_the_chart_s_user():
    """But the serial-reader, which belongs to the machine its sensor is plugged into, and audit,
    which is run by hand."""
    programs = yaml.safe_load((chart.CHART / "values.yaml").read_text())["programs"]
    images = {path.parent.name: path.read_text()
              for path in (ROOT / "services").glob("*/Dockerfile")}
    assert set(programs) == set(images) - {"audit", "serial-reader"}
    for service, dockerfile in images.items():
        assert "\nUSER 10001:10001\n" in dockerfile
        assert f'\nENTRYPOINT ["{service}"]\n' in dockerfile


def test_the_chart_has_the_version_of_the_tree():
    described = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())
    version = re.search(r"project\(weir VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert described["appVersion"] == version
