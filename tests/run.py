#!/usr/bin/env python3
"""Runs every test: the crates' own, then end to end with aws-cli, boto3 and the SDKs for JavaScript and Rust.

    python3 tests/run.py                    everything
    python3 tests/run.py tests/e2e -k kill  only Python tests; the arguments are pytest's
    python3 tests/run.py --tools [...]      with the tools of tests/e2e/test_tools.py, which a run of everything has anyway
    python3 tests/run.py --cluster [...]    only Python tests: three servers share each database, behind nginx

With IAMD_TEST_ENGINE=postgres the servers keep everything in PostgreSQL: in the server that IAMD_TEST_POSTGRES names by a URL,
or in a private one. IAMD_TEST_ROUNDS is how often several servers are disturbed at their work (5).

It says beforehand what it needs, installs the rest under target/, and ends with one line of totals.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
VENV = TARGET / "venv"
TOOLS = TARGET / "venv-tools"
SERVER = TARGET / "debug" / "iamd"

# The release of the package ansible on PyPI that has the collection amazon.aws for the ansible-core of the requirements.
ANSIBLE = "12.3.0"

PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")

NEEDS = """\
Needs: a Rust toolchain, a C compiler, openssl, curl, Python 3.11 with venv, and a network for packages of crates.io, PyPI and npm.
Takes: about 15 minutes and 5 GB under {target} the first time, on two cores.
Node.js 20 or newer: {node}. cargo-nextest: {nextest}.
PostgreSQL 14 or newer: {postgres}.
"""

# The closing lines of cargo test, cargo nextest, pytest and node, whose marks differ by version.
PYTEST = r"^=* ?(?:\d+ [a-z]+, )*(\d+) {} in|^=* ?(?:\d+ [a-z]+, )*(\d+) {}, .* in [\d.]+s"
PASSED = [r"^test result: .* (\d+) passed;", r"^ +Summary .* (\d+) passed", PYTEST.format("passed", "passed"), r"^[#ℹ] pass (\d+)"]
FAILED = [
    r"^test result: .* (\d+) failed;", r"^ +Summary .* (\d+) failed", r"^[#ℹ] fail (\d+)",
    PYTEST.format("failed", "failed"), PYTEST.format("errors?", "errors?"),
]  # fmt: skip


class Suite:
    """Commands that are run one after the other until one fails. Their output is shown at once, or kept for later."""

    def __init__(self, name, live):
        self.name, self.live = name, live
        self.lines = []
        self.status = 0

    def show(self, line):
        self.lines.append(line)
        if self.live:
            print(line, end="", flush=True)

    def run(self, *command, cwd=ROOT, **environment):
        if self.status:
            return
        shown = " ".join(str(part) for part in command)
        self.show(f"\n$ {shown}\n")
        start = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for line in process.stdout:
            self.show(line)
        self.status = process.wait()
        self.show(f"({time.monotonic() - start:.0f} s)\n")

    def count(self, patterns):
        """The sum of what the closing lines say."""
        found = (re.search(pattern, line) for line in self.lines for pattern in patterns)
        return sum(int(next(filter(None, match.groups()))) for match in found if match)


def has(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def has_node():
    return has("node", "--test", "--version") and has("npm", "--version")


def has_postgres():
    return "IAMD_TEST_POSTGRES" in os.environ or any(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def check_needs():
    found = {True: "found", False: "not found, so the SDK for JavaScript is not tested"}
    nextest = {True: "found", False: "not found, so cargo test is used"}
    postgres = {True: "found", False: "not found (Debian: apt install postgresql), so servers on PostgreSQL are not tested"}
    node, runner = has_node(), has("cargo", "nextest", "--version")
    print(NEEDS.format(target=TARGET, node=found[node], nextest=nextest[runner], postgres=postgres[has_postgres()]), flush=True)
    missing = [
        what
        for what, present in [
            ("cargo (https://rustup.rs)", has("cargo", "--version")),
            ("a C compiler (Debian: apt install gcc libc6-dev)", shutil.which("cc") is not None),
            ("openssl and curl (Debian: apt install openssl curl)", shutil.which("openssl") and shutil.which("curl")),
            ("Python 3.11 or newer", sys.version_info >= (3, 11)),
            ("the modules venv and ensurepip (Debian: apt install python3-venv)", has(sys.executable, "-c", "import ensurepip, venv")),
        ]
        if not present
    ]
    if missing:
        sys.exit("missing: " + "; ".join(missing))


def must_have_a_cluster():
    if not has_postgres() or not shutil.which("nginx"):
        sys.exit("missing for --cluster: PostgreSQL and nginx (Debian: apt install postgresql nginx-light)")


def make_environment(suite, folder, requirements, fill=None):
    """Makes a virtual environment, once per list of requirements; `fill` adds to it."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = folder / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return
    shutil.rmtree(folder, ignore_errors=True)
    suite.run(sys.executable, "-m", "venv", folder)
    suite.run(folder / "bin" / "python", *PIP, "install", "-r", requirements)
    if fill:
        fill(suite)
    if not suite.status:
        stamp.write_text(digest)


def prepare(with_tools):
    """Builds the server, and makes virtual environments with what the tests need."""
    suite = Suite("preparation", live=True)
    make_environment(suite, VENV, ROOT / "tests" / "requirements.txt")
    suite.run("cargo", "build")
    if suite.status:
        sys.exit("the preparation failed")
    if with_tools:
        tools = Suite("tools", live=True)
        make_environment(tools, TOOLS, ROOT / "tests" / "tools-requirements.txt", add_collection)
        if tools.status:
            shutil.rmtree(TOOLS, ignore_errors=True)
            print("The tools cannot be installed, so their tests are skipped.", flush=True)


def add_collection(suite):
    """Ansible's collection for AWS: Ansible Galaxy's copy is also in a package of PyPI, among many others."""
    suite.run(TOOLS / "bin" / "python", *PIP, "download", "--no-deps", "--dest", TOOLS / "download", f"ansible=={ANSIBLE}")
    for package in (TOOLS / "download").glob("*.whl"):
        with zipfile.ZipFile(package) as archive:
            names = [name for name in archive.namelist() if name.startswith("ansible_collections/amazon/aws/")]
            archive.extractall(TOOLS / "collections", names)
    shutil.rmtree(TOOLS / "download", ignore_errors=True)


def crates(suite):
    """Unit tests and tests in memory."""
    if has("cargo", "nextest", "--version"):
        suite.run("cargo", "nextest", "run", "--workspace", "--no-fail-fast")
        # Nextest runs no examples of the documentation.
        suite.run("cargo", "test", "--workspace", "--doc", "--no-fail-fast")
    else:
        suite.run("cargo", "test", "--workspace", "--all-targets", "--no-fail-fast")


def end_to_end(suite, *arguments):
    """Through real clients, against the real binary."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    suite.run(VENV / "bin" / "python", "-m", "pytest", *arguments, IAMD=str(SERVER), TOOLS_VENV=str(TOOLS), PATH=path)


def javascript_sdk(suite):
    """The AWS SDK for JavaScript, where there is a Node.js that has a test runner."""
    if not has_node():
        return
    folder = TARGET / "sdk-js"
    shutil.copytree(ROOT / "tests" / "sdk-js", folder, dirs_exist_ok=True)
    # The fixture for Node's test runner is tested by its own example.
    shutil.copytree(ROOT / "examples" / "node", folder, dirs_exist_ok=True)
    suite.run("npm", "ci", "--no-audit", "--no-fund", "--silent", cwd=folder)
    suite.run("node", "--test", cwd=folder, IAMD=str(SERVER))


def console(suite):
    """The console in Chromium, where there is a Node.js and that browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not has_node() or not browser:
        return
    folder = TARGET / "console"
    shutil.copytree(ROOT / "tests" / "console", folder, dirs_exist_ok=True)
    pictures = TARGET / "screenshots"
    pictures.mkdir(exist_ok=True)
    suite.run("npm", "ci", "--no-audit", "--no-fund", "--silent", cwd=folder)
    suite.run("node", "--test", cwd=folder, IAMD=str(SERVER), CHROMIUM=browser, SCREENSHOTS=str(pictures))


def rust_sdk(suite):
    """The AWS SDK for Rust, a crate of its own: its many dependencies are not the server's."""
    folder = ROOT / "tests" / "sdk-rust"
    suite.run("cargo", "test", "--locked", cwd=folder, IAMD=str(SERVER), CARGO_TARGET_DIR=str(TARGET / "sdk-rust"))


def run_all():
    """All suites. Those of the SDKs spend their time on downloads and on a build of their own, beside the others."""
    foreground = [(Suite("crates", live=True), crates), (Suite("end to end", live=True), end_to_end)]
    background = [
        (Suite("SDK for JavaScript", live=False), javascript_sdk),
        (Suite("console", live=False), console),
        (Suite("SDK for Rust", live=False), rust_sdk),
    ]

    def run_background():
        for suite, tests in background:
            tests(suite)

    thread = threading.Thread(target=run_background)
    thread.start()
    for suite, tests in foreground:
        tests(suite)
    thread.join()
    for suite, _ in background:
        print("".join(suite.lines), end="", flush=True)
    return [suite for suite, _ in foreground + background]


def main():
    start = time.monotonic()
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--tools", "--cluster")]
    in_cluster = "--cluster" in sys.argv
    check_needs()
    if in_cluster:
        must_have_a_cluster()
        os.environ["IAMD_TEST_ENGINE"] = "cluster"
        # The examples start servers of their own.
        arguments = arguments or ["tests/e2e"]
    prepare(with_tools=not arguments or "--tools" in sys.argv)
    if arguments:
        suites = [Suite("end to end", live=True)]
        end_to_end(suites[0], *arguments)
    else:
        suites = run_all()
    broken = [suite.name for suite in suites if suite.status]
    passed, failed = (sum(suite.count(patterns) for suite in suites) for patterns in (PASSED, FAILED))
    where = f" ({', '.join(broken)})" if broken else ""
    print(f"\n{passed} passed, {failed} failed{where} in {time.monotonic() - start:.0f} s")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
