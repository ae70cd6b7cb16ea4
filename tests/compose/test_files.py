# SPDX-License-Identifier: Apache-2.0
"""Goal: the compose files say one thing: valid for Compose v2, one version, the same options as
`make run` has. Method: what `docker compose config` makes of them; no engine is needed."""

import re
import subprocess
import tomllib

import pytest
from engine import compose_config
from images import settings
from support import ROOT, all_files

FILES = sorted([*ROOT.glob("services/*/compose.yaml"), *ROOT.glob("deploy/*/compose.yaml")])
SYSTEMS = [file.parent for file in FILES if (file.parent / "system.toml").exists()]


HADOLINT = ROOT / ".cache" / "tools" / "hadolint" / "bin" / "hadolint"


def test_the_linters_find_nothing():
    dockerfiles = [path for path in all_files() if path.name == "Dockerfile"]
    documents = [path.relative_to(ROOT) for path in all_files() if path.suffix in (".yaml", ".yml")]
    assert len(dockerfiles) > len(SYSTEMS)
    for command in ([HADOLINT, "--no-color", *dockerfiles],
                    ["yamllint", "--strict", *documents]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def name(path):
    return str(path.relative_to(ROOT))


def config(file):
    return compose_config("--file", file)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_file_is_valid_and_its_containers_are_bounded(file):
    for service, definition in config(file)["services"].items():
        where = f"{name(file)}: {service}"
        assert definition.get("mem_limit"), f"{where}: no memory limit"
        assert definition["logging"]["options"].keys() == {"max-size", "max-file"}, where
        assert definition.get("restart"), f"{where}: no restart policy"
        assert not re.search(r":latest$|^[^:]+$", definition["image"]), f"{where}: no version"
        for port in definition.get("ports", []):
            assert port.get("host_ip") == "127.0.0.1", f"{where}: published to everybody"
        if definition["image"].startswith("weir/"):
            assert definition["read_only"] and definition["cap_drop"] == ["ALL"], where
            assert definition["security_opt"] == ["no-new-privileges:true"], where


def test_every_service_has_an_image_and_a_file_of_its_own():
    for folder in sorted(path.parent for path in ROOT.glob("services/*/main.cpp")):
        assert (folder / "Dockerfile").exists(), f"{name(folder)}: no Dockerfile"
        services = config(folder / "compose.yaml")["services"]
        assert list(services) == [folder.name]


def test_one_version_everywhere():
    version = re.search(r"project\(weir VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    for file in ROOT.glob("services/*/Dockerfile"):
        assert f"ARG VERSION={version}\n" in file.read_text(), name(file)
    for file in ROOT.glob("services/*/compose.yaml"):
        assert f"${{WEIR_VERSION:-{version}}}" in file.read_text(), name(file)
    for folder in SYSTEMS:
        assert settings(folder / ".env")["WEIR_VERSION"] == version


def test_the_stages_that_services_share_are_the_same_text():
    """Else each image installs and compiles for itself."""
    def shared(file):
        text = file.read_text().replace(file.parent.name, "NAME")
        own = [r"COPY --from=page .*\n", r" page(?= \\\n)"]  # the emitter's page
        for pattern in own:
            text = re.sub(pattern, "", text)
        return text[text.index("FROM debian"):text.index("\nFROM debian", 1)]
    texts = {shared(file) for file in ROOT.glob("services/*/Dockerfile")}
    assert len(texts) == 1


@pytest.mark.parametrize("folder", SYSTEMS, ids=name)
def test_a_stack_has_the_options_of_its_native_system(folder):
    """But for addresses and what only containers have."""
    native = tomllib.loads((folder / "system.toml").read_text())
    stack = config(folder / "compose.yaml")["services"]
    places = {"bootstrap-servers", "mqtt", "file", "listen", "page", "admin", "port", "buffer"}
    for service in native["service"]:
        if service.get("variant", native["variant"]) != native["variant"]:
            continue
        environment = stack[service["name"]]["environment"]
        for option, value in service["options"].items():
            if option in places:
                continue
            given = environment["WEIR_" + option.replace("-", "_").upper()]
            values = value if isinstance(value, list) else [value]
            assert re.split(r"[;\n]", str(given)) == values, f"{service['name']} --{option}"
