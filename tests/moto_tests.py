#!/usr/bin/env python3
"""moto's own tests of some services, against its server and through the gateway as an administrator: the results must be
the same. It takes minutes, and is no part of tests/run.py:

    target/venv/bin/python tests/moto_tests.py [--iamd target/debug/iamd] [SERVICE …]
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from importlib.metadata import version

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target" / "moto-tests"
SERVICES = ["dynamodb", "kms", "sqs"]
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
    """The tests of the moto that is installed, which only its source distribution has."""
    name = f"moto-{version('moto')}"
    tests = FOLDER / name / "tests"
    if not tests.exists():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", "freezegun"], check=True)
        options = ["--no-deps", "--no-binary", "moto", "--dest", FOLDER]
        subprocess.run([*pip, "download", *options, name.replace("-", "==")], check=True)
        with tarfile.open(FOLDER / f"{name}.tar.gz") as archive:
            members = [member for member in archive if member.name.startswith(f"{name}/tests/")]
            archive.extractall(FOLDER, members, filter="data")
    (tests.parent / "moto_itself.py").write_text(PLUGIN)
    return tests.parent


def run(folder, services, front, moto):
    """The outcome of each test by its name."""
    report = FOLDER / "report.xml"
    variables = {
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "MOTO_ITSELF": moto,
        "PYTHONPATH": str(folder),
        "TEST_SERVER_MODE": "true",
        "TEST_SERVER_MODE_ENDPOINT": front,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "moto_itself", "-p", "no:cacheprovider", "-W", "ignore"]
    # The settings of this project's own tests are not theirs.
    command += ["-c", os.devnull, "--rootdir", str(folder), f"--junitxml={report}", *(f"tests/test_{service}" for service in services)]
    subprocess.run(command, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        outcomes[f"{case.get('classname')}.{case.get('name')}"] = outcome
    return outcomes


def main():
    sys.path.insert(0, str(ROOT / "tests" / "e2e" / "support"))
    from server import Server
    from upstreams import Moto

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("services", nargs="*", default=SERVICES, metavar="SERVICE")
    parser.add_argument("--iamd", help="the binary; else that of the variable IAMD")
    arguments = parser.parse_args()
    if arguments.iamd:
        import server

        server.BINARY = arguments.iamd
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = fetch()
    with Moto(MOTO_ACCOUNT_ID=ACCOUNT) as moto:
        without = run(folder, arguments.services, moto.url, moto.url)
    with Moto(MOTO_ACCOUNT_ID=ACCOUNT) as moto, Server(*KEYS, "--upstream", moto.url, level="error") as gateway:
        through = run(folder, arguments.services, gateway.endpoint, moto.url)
    others = sorted(name for name in without.keys() | through.keys() if without.get(name) != through.get(name))
    for name in others:
        print(f"{name}: {without.get(name)} without, {through.get(name)} through the gateway")
    passed = sum(outcome == "passed" for outcome in without.values())
    print(f"{len(without)} tests, {passed} pass without the gateway, {len(others)} have another result through it")
    sys.exit(1 if others or not passed else 0)


if __name__ == "__main__":
    main()
