"""The container's files, as far as they can be checked without an engine to run them."""

import pathlib
import re
import subprocess

import yaml

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
