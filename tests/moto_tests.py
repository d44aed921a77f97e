#!/usr/bin/env python3
"""moto's own tests of some services, against its server and through the gateway as an administrator: the results must be
the same, but for what tests/moto_differences.toml explains. All of them take minutes, and are no part of tests/run.py:

    target/venv/bin/python tests/moto_tests.py [--iamd target/debug/iamd] [SERVICE | SERVICE/FILE.py …]

A few of them are in tests/e2e.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree as ElementTree
from importlib.metadata import version

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target" / "moto-tests"
DIFFERENCES = ROOT / "tests" / "moto_differences.toml"
SERVICES = ["dynamodb", "kms", "s3", "secretsmanager", "sqs"]
# The account and the keys with which moto's tests call.
ACCOUNT = "000000000000"
KEYS = ["--root-access-key", "FOOBARKEY", "--root-secret-key", "FOOBARSECRET"]

# moto's own endpoints, which reset it between tests, are not to be had through the gateway.
PLUGIN = '''
import os
import requests

call = requests.Session.request


def request(self, method, url, *arguments, **options):
    front = os.environ["TEST_SERVER_MODE_ENDPOINT"]
    if url.startswith(f"{front}/moto-api/"):
        url = os.environ["MOTO_ITSELF"] + url.removeprefix(front)
    return call(self, method, url, *arguments, **options)


requests.Session.request = request
'''


def fetch():
    """The folder of the tests of the moto that is installed, which only its source distribution has.

    Fails with subprocess.CalledProcessError where that cannot be downloaded."""
    name = f"moto-{version('moto')}"
    tests = FOLDER / name / "tests"
    if not tests.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        options = ["--no-deps", "--no-binary", "moto", "--dest", FOLDER]
        subprocess.run([*pip, "download", *options, name.replace("-", "==")], check=True, timeout=120)
        with tarfile.open(FOLDER / f"{name}.tar.gz") as archive:
            members = [member for member in archive if member.name.startswith(f"{name}/tests/")]
            archive.extractall(FOLDER, members, filter="data")
    (tests.parent / "moto_itself.py").write_text(PLUGIN)
    return tests.parent


def run(folder, names, front, moto):
    """The outcome of each test by its name, and the message of one that failed."""
    report = FOLDER / f"report-{os.getpid()}.xml"
    variables = {
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "MOTO_ITSELF": moto,
        "PYTHONPATH": str(folder),
        "TESTS_SKIP_REQUIRES_DOCKER": "true",
        "TEST_SERVER_MODE": "true",
        "TEST_SERVER_MODE_ENDPOINT": front,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "moto_itself", "-p", "no:cacheprovider", "-W", "ignore"]
    # The settings of this project's own tests are not theirs.
    command += ["-c", os.devnull, "--rootdir", str(folder), f"--junitxml={report}", *(f"tests/test_{name}" for name in names)]
    subprocess.run(command, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        ended = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        outcome = ("passed", "") if ended is None else (ended.tag, ended.get("message") or "")
        outcomes[f"{case.get('classname')}.{case.get('name')}".removeprefix("tests.")] = outcome
    report.unlink()
    return outcomes


def compare(names):
    """The number of tests that pass without the gateway, and a line for each whose result through it is not explained."""
    from server import Server
    from upstreams import Moto

    folder = fetch()
    with Moto(MOTO_ACCOUNT_ID=ACCOUNT) as moto:
        without = run(folder, names, moto.url, moto.url)
    with Moto(MOTO_ACCOUNT_ID=ACCOUNT) as moto, Server(*KEYS, "--upstream", moto.url, level="error") as gateway:
        through = run(folder, names, gateway.endpoint, moto.url)
    explained = {test for difference in tomllib.loads(DIFFERENCES.read_text())["difference"] for test in difference["tests"]}
    missing = ("missing", "")
    lines = []
    for test in sorted(without.keys() | through.keys()):
        before, after = without.get(test, missing), through.get(test, missing)
        if (before[0] != after[0]) != (test in explained):
            lines.append(f"{test}: {before[0]} without, {after[0]} through the gateway: {before[1]}{after[1]}")
    return sum(outcome == "passed" for outcome, _ in without.values()), lines


def main():
    sys.path.insert(0, str(ROOT / "tests" / "e2e" / "support"))
    import server

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=SERVICES, metavar="SERVICE")
    parser.add_argument("--iamd", help="the binary; else that of the variable IAMD")
    arguments = parser.parse_args()
    server.BINARY = arguments.iamd or server.BINARY
    passed, lines = compare(arguments.names)
    print("\n".join(lines))
    print(f"{passed} tests pass without the gateway; {len(lines)} results through it are not explained")
    sys.exit(1 if lines or not passed else 0)


if __name__ == "__main__":
    main()
