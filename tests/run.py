#!/usr/bin/env python3
"""Runs every test: the crate's own, then end to end with aws-cli, boto3 and the SDKs for Rust and JavaScript.

    python3 tests/run.py                    everything
    python3 tests/run.py tests/e2e -k kill  only Python tests; the arguments are pytest's

It needs a Rust toolchain and Python 3.11 or newer; what else it uses it installs under target/.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
VENV = TARGET / "venv"
SERVER = TARGET / "debug" / "iamd"


def run(*command, cwd=ROOT, **environment):
    shown = " ".join(str(part) for part in command)
    print(f"\n$ {shown}", flush=True)
    start = time.monotonic()
    status = subprocess.run([str(part) for part in command], cwd=cwd, env={**os.environ, **environment}).returncode
    print(f"({time.monotonic() - start:.0f} s)", flush=True)
    if status:
        sys.exit(f"failed with status {status}: {shown}")


def python():
    """The interpreter of a virtual environment with what the tests need; made once per list of requirements."""
    requirements = ROOT / "tests" / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = VENV / "requirements.sha256"
    interpreter = VENV / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != digest:
        shutil.rmtree(VENV, ignore_errors=True)
        run(sys.executable, "-m", "venv", VENV)
        run(interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements)
        stamp.write_text(digest)
    return interpreter


def has(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def crate():
    """Unit tests and in-memory tests."""
    if has("cargo", "nextest", "--version"):
        run("cargo", "nextest", "run", "--workspace", "--no-fail-fast")
    else:
        run("cargo", "test", "--workspace", "--all-targets")


def end_to_end(interpreter, *arguments):
    """Through real clients, against the real binary."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    run(interpreter, "-m", "pytest", *arguments, IAMD=str(SERVER), PATH=path)


def rust_sdk():
    """The AWS SDK for Rust, a crate of its own: its many dependencies are not the server's."""
    folder = ROOT / "tests" / "sdk-rust"
    run("cargo", "test", "--locked", cwd=folder, IAMD=str(SERVER), CARGO_TARGET_DIR=str(TARGET / "sdk-rust"))


def javascript_sdk():
    """The AWS SDK for JavaScript, where there is a Node.js that has a test runner."""
    if not has("node", "--test", "--version") or not has("npm", "--version"):
        print("\nno Node.js 20 or newer: the SDK for JavaScript is not tested", flush=True)
        return
    folder = TARGET / "sdk-js"
    shutil.copytree(ROOT / "tests" / "sdk-js", folder, dirs_exist_ok=True)
    run("npm", "ci", "--no-audit", "--no-fund", "--silent", cwd=folder)
    run("node", "--test", cwd=folder, IAMD=str(SERVER))


def main():
    arguments = sys.argv[1:]
    interpreter = python()
    run("cargo", "build")
    if arguments:
        end_to_end(interpreter, *arguments)
        return
    crate()
    end_to_end(interpreter)
    javascript_sdk()
    rust_sdk()


if __name__ == "__main__":
    main()
