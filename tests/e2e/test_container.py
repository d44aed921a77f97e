"""The container's files, as far as they can be checked without an engine to run them."""

import pathlib
import re
import subprocess

import pytest
import yaml
from server import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def test_the_dockerfile_pleases_its_linter():
    subprocess.run(["hadolint", ROOT / "docker" / "Dockerfile"], check=True)


def test_all_that_is_copied_is_there_and_not_ignored():
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    copied = [name for line in re.findall(r"^COPY ([^-].*) \S+$", dockerfile, re.MULTILINE) for name in line.split()]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == kept
    assert all((ROOT / name).exists() for name in copied)


def test_the_compose_file_builds_this_dockerfile_and_waits_for_health():
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    server, client = compose["services"]["iamd"], compose["services"]["client"]
    assert (ROOT / "docker" / server["build"]["context"] / server["build"]["dockerfile"]).is_file()
    assert client["depends_on"]["iamd"]["condition"] == "service_healthy"
    assert client["environment"]["AWS_ENDPOINT_URL"] == "http://iamd:4593"
    assert server["volumes"] == ["data:/data"]
    assert "data" in compose["volumes"]


STACKS = sorted((ROOT / "examples" / "compose").glob("*.yaml"))


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_stacks_publish_iamd_alone_and_configure_it(path, tmp_path):
    compose = yaml.safe_load(path.read_text())
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["iamd"]
    server = services["iamd"]
    assert (path.parent / server["build"]["context"] / server["build"]["dockerfile"]).is_file()
    volumes = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert sorted(volumes) == sorted(compose["volumes"])
    flags = []
    if "command" in server:
        (tmp_path / "iamd.toml").write_text(compose["configs"]["iamd"]["content"])
        flags = ["--config", str(tmp_path / "iamd.toml")]
    # Every upstream is a service of the stack. iamd starts without them, and finds them when they are there.
    with Server(*flags, variables=server.get("environment")) as running:
        text = "".join(flags and [(tmp_path / "iamd.toml").read_text()]) + str(server.get("environment", ""))
        upstreams = re.findall(r"http://(\w+):\d+", text)
        assert upstreams and set(upstreams) == set(services) - {"iamd"}
        assert running.own("health")[1]["status"] == "ok"
