# SPDX-License-Identifier: Apache-2.0
"""Renders deploy/helm/weir with real Helm and judges the result by Kubernetes' own schemas."""

import functools
import json
import platform
import re
import subprocess
from pathlib import Path

import jsonschema
import yaml
from support import ROOT

CHART = ROOT / "deploy" / "helm" / "weir"
TOOLS = ROOT / ".cache" / "tools" / "helm"
HELMS = ("helm-3", "helm-4")
KUBERNETES = ("1.30", "1.37")
RELEASE = "r1"

# Kinds that are not Kubernetes' own: the fields the chart writes, in the forms the documentation of
# KEDA 2 and of the Prometheus operator gives them.
_text = {"type": "string", "minLength": 1}
_texts = {"type": "object", "additionalProperties": {"type": "string"}}


def _closed(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required,
            "properties": properties}


def _resource(spec):
    metadata = _closed(["name"], name=_text, labels=_texts)
    return _closed(["apiVersion", "kind", "metadata", "spec"], apiVersion=_text, kind=_text,
                   metadata=metadata, spec=spec)


FOREIGN = {
    ("keda.sh/v1alpha1", "ScaledObject"): _resource(_closed(
        ["scaleTargetRef", "triggers"],
        scaleTargetRef=_closed(["kind", "name"], apiVersion=_text, kind=_text, name=_text),
        minReplicaCount={"type": "integer"}, maxReplicaCount={"type": "integer"},
        advanced=_closed([], horizontalPodAutoscalerConfig=_closed([], behavior=_closed(
            [], scaleDown=_closed([], stabilizationWindowSeconds={"type": "integer"})))),
        triggers={"type": "array", "minItems": 1, "items": _closed(
            ["type", "metadata"], type={"const": "kafka"}, authenticationRef=_closed(
                ["name"], name=_text),
            # KEDA's trigger metadata is text throughout.
            metadata=_closed(["bootstrapServers", "consumerGroup", "topic", "lagThreshold"],
                             bootstrapServers=_text, consumerGroup=_text, topic=_text,
                             lagThreshold={"type": "string", "pattern": "^[0-9]+$"},
                             offsetResetPolicy={"enum": ["earliest", "latest"]}))})),
    ("monitoring.coreos.com/v1", "PodMonitor"): _resource(_closed(
        ["selector", "podMetricsEndpoints"], jobLabel=_text,
        selector=_closed(["matchLabels"], matchLabels=_texts),
        podMetricsEndpoints={"type": "array", "minItems": 1, "items": _closed(
            ["port"], port=_text, path=_text, interval=_text)})),
}


class Refused(Exception):
    """Helm's words on values it does not take."""


def installed():
    """False where no package has Helm for this machine; set-up says so."""
    return platform.machine() == "x86_64" or (TOOLS / "complete").exists()


def helm(tool, *words, values=None):
    """The output of a command. `values` are the last to count. Errors: Refused."""
    assert (TOOLS / tool).exists(), f"no {TOOLS / tool}: run deploy/local/setup helm"
    command = [str(TOOLS / tool), *map(str, words)]
    if values is not None:
        command += ["--values", "-"]
    done = subprocess.run(command, input=yaml.safe_dump(values or {}), capture_output=True,
                          text=True, env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"})
    if done.returncode != 0:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def values_files():
    """{system: values-<system>.yaml}"""
    return {path.stem.removeprefix("values-"): path
            for path in sorted(CHART.glob("values-*.yaml"))}


ADDRESSES = {"connections": {"kafka": {"address": "kafka-1:9092,kafka-2:9093"},
                             "mqtt": {"address": "tcp://mosquitto:1883"}}}


def merged(*parts):
    """Dicts laid over each other, as Helm lays values."""
    result = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


class _Loader(yaml.SafeLoader):
    """Of a key that is there twice, YAML's readers take one or the other; here it is an error."""

    def construct_mapping(self, node, deep=False):
        mapping = super().construct_mapping(node, deep)
        assert len(mapping) == len(node.value), f"a key is there twice:\n{node.start_mark}"
        return mapping


@functools.lru_cache(maxsize=None)
def _render(tool, system, values):
    words = ["template", RELEASE, CHART]
    words += ["--values", values_files()[system]] if system else []
    documents = yaml.load_all(helm(tool, *words, values=json.loads(values)), _Loader)
    return [document for document in documents if document]


def render(system, *values, tool="helm-4"):
    """The objects of a system (None: of no system) with more values. Errors: Refused."""
    return _render(tool, system, json.dumps(merged(ADDRESSES, *values), sort_keys=True))


def of_kind(objects, *kinds):
    return [thing for thing in objects if thing["kind"] in kinds]


def workloads(objects):
    return of_kind(objects, "Deployment", "StatefulSet", "Job")


def pod_labels(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def container(workload):
    [only] = workload["spec"]["template"]["spec"]["containers"]
    return only


def environment(workload):
    """{name: value}; every variable of the chart has its value in the open."""
    entries = container(workload)["env"]
    variables = {entry["name"]: entry["value"] for entry in entries}
    assert len(variables) == len(entries), "a variable is there twice"
    return variables


@functools.lru_cache(maxsize=None)
def _definitions(version):
    return json.loads((TOOLS / f"kubernetes-{version}.json").read_text())


@functools.lru_cache(maxsize=None)
def _validator(version, api_version, kind):
    if (api_version, kind) in FOREIGN:
        return jsonschema.Draft202012Validator(FOREIGN[api_version, kind])
    group, _, number = api_version.rpartition("/")
    wanted = {"group": group, "version": number, "kind": kind}
    schema = _definitions(version)
    [name] = [name for name, definition in schema["$defs"].items()
              if wanted in definition.get("x-kubernetes-group-version-kind", [])]
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


_label = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_name = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def offences(thing, version):
    """What the schema of its kind in that version of Kubernetes says, unknown fields included, and
    the rules for names and labels, which are in no schema."""
    metadata = thing["metadata"]
    name = f"{thing['kind']} {metadata['name']}"
    validator = _validator(version, thing["apiVersion"], thing["kind"])
    found = [f"{version}: {name}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
             for error in validator.iter_errors(thing)]
    pods = thing["spec"].get("template", {}).get("metadata", {}) if "spec" in thing else {}
    labels = metadata["labels"] | pods.get("labels", {})
    found += [f"{name}: label {key}: {value}" for key, value in labels.items()
              if not _label.fullmatch(value)]
    return found + ([] if _name.fullmatch(metadata["name"]) else [f"{name}: no name"])


def folder_of(workload, objects, target: Path):
    """Lays the files of /etc/weir out in `target` as the pod's volume does, with contents of
    our own for those from outside the chart."""
    own = {thing["metadata"]["name"]: thing["data"] for thing in of_kind(objects, "ConfigMap")}
    for volume in workload["spec"]["template"]["spec"].get("volumes", []):
        for source in volume["projected"]["sources"]:
            [(kind, place)] = source.items()
            for item in place["items"]:
                text = "sasl.password=from-a-file\n" if kind == "secret" else "from outside\n"
                if kind == "configMap" and place["name"] in own:
                    text = own[place["name"]][item["key"]]
                assert not (target / item["path"]).exists(), f"two files are {item['path']}"
                (target / item["path"]).write_text(text)
