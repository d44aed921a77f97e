"""The fixtures for other languages, and the packages that carry the binary."""

import os
import pathlib
import shutil
import subprocess
import sys
import tomllib

import pytest
from server import BINARY, environment

ROOT = pathlib.Path(__file__).parents[3]
# Debian keeps Go's libraries here (golang-github-aws-aws-sdk-go-v2-dev).
GO_LIBRARIES = pathlib.Path("/usr/share/gocode")
GO_SDK = GO_LIBRARIES / "src/github.com/aws/aws-sdk-go-v2"

NODE_TEST = """
import assert from "node:assert/strict";
import { test } from "node:test";
import { account, apply } from "iamd";

test("a seed is applied", async () => {
  const { report } = await apply(`accounts: {"${account()}": {users: {ann: {}}}}`);
  assert.equal(report.entities[0].outcome, "made");
});
"""


def run(*command, cwd, **variables):
    binary = str(pathlib.Path(BINARY).resolve())
    done = subprocess.run(command, cwd=cwd, env=environment(IAMD=binary, **variables), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not (shutil.which("go") and GO_SDK.is_dir()), reason="there is no Go with AWS's SDK (Debian: golang-go, golang-github-aws-aws-sdk-go-v2-dev)")
def test_the_fixture_for_go(tmp_path):
    # Without modules, as Debian packages libraries.
    folder = tmp_path / "src/iamd"
    shutil.copytree(ROOT / "examples/go", folder)
    paths = f"{tmp_path}{os.pathsep}{GO_LIBRARIES}"
    assert "PASS" in run("go", "test", "-v", ".", cwd=folder, GO111MODULE="off", GOPATH=paths, GOCACHE=str(tmp_path / "cache"))


@pytest.mark.skipif(not shutil.which("npm"), reason="there is no npm")
def test_the_package_for_npm(tmp_path):
    # A debug build is large and takes long to pack.
    binary = tmp_path / "iamd"
    binary.write_text(f'#!/bin/sh\nexec {pathlib.Path(BINARY).resolve()} "$@"\n')
    binary.chmod(0o755)
    run("sh", str(ROOT / "examples/npm/package.sh"), str(binary), str(tmp_path / "packed"), cwd=tmp_path)
    (packed,) = (tmp_path / "packed").glob("iamd-*.tgz")
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"name": "project", "private": true}')
    run("npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", str(packed), cwd=project)
    assert run("npx", "--no-install", "iamd", "--version", cwd=project) == run(str(binary), "--version", cwd=project)
    (project / "own.test.mjs").write_text(NODE_TEST)
    assert "# pass 1\n" in run("node", "--test", "--test-reporter=tap", "own.test.mjs", cwd=project)


def test_the_recipe_of_the_wheel(tmp_path):
    """The wheel has the crate's version and name, and the binary of the crate; no release build is needed to see that."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    crate = tomllib.loads((ROOT / "Cargo.toml").read_text())
    assert project["project"]["name"] == crate["package"]["name"] == "iamd"
    assert project["tool"]["maturin"]["bindings"] == "bin" and "version" in project["project"]["dynamic"]
    assert project["project"]["license"] == crate["workspace"]["package"]["license"]
    assert (ROOT / project["project"]["readme"]).is_file()
    plugin = tomllib.loads((ROOT / "python/pyproject.toml").read_text())
    (entry,) = plugin["project"]["entry-points"]["pytest11"].values()
    code = f"import {entry} as plugin; print(plugin.iamd.__name__)"
    assert run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(ROOT / "python/src")) == "iamd\n"
