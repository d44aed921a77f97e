"""The plugin for pytest, as a project uses it."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

from server import BINARY, Server

ROOT = pathlib.Path(__file__).parents[3]
TESTS = '''
    import pytest
    from pytest_iamd import assert_allowed, assert_denied

    SEED = """
    accounts:
      "111122223333":
        users:
          ann: {inline-policies: {p: {Version: "2012-10-17",
            Statement: [{Effect: Allow, Action: "iam:GetUser", Resource: "arn:aws:iam::111122223333:user/ann"}]}}}
    """

    @pytest.mark.iamd_seed("accounts.yaml")
    def test_seed(aws_user, iamd_account):
        iam = aws_user("ann").client("iam")
        assert assert_allowed(iam.get_user)["User"]["Arn"] == f"arn:aws:iam::{iamd_account}:user/ann"
        assert_denied(iam.list_users, because="no identity-based policy allows the iam:ListUsers action")
        with pytest.raises(AssertionError, match="but not because of 'an explicit deny'"):
            assert_denied(iam.list_users, because="an explicit deny")
        with pytest.raises(AssertionError, match="the call is denied"):
            assert_allowed(iam.list_users)
        with pytest.raises(AssertionError, match="the call is allowed"):
            assert_denied(iam.get_user)

    def test_accounts_are_apart(aws):
        assert aws.client("iam").list_users()["Users"] == []

    @pytest.mark.iamd_seed("bad.yaml")
    def test_bad(iamd_account):
        pass
'''


def run_tests(folder, *arguments):
    (folder / "test_it.py").write_text(textwrap.dedent(TESTS))
    seed = TESTS.split('"""')[1]
    (folder / "accounts.yaml").write_text(textwrap.dedent(seed))
    (folder / "bad.yaml").write_text("accounts: {'111122223333': {user: {}}}\n")
    # A project of its own. Without -c, pytest looks for settings above the paths among its arguments, and --iamd's is one.
    (folder / "pytest.ini").write_text("[pytest]\n")
    path = os.pathsep.join([str(ROOT / "python/src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_iamd.plugin", "-p", "no:cacheprovider", "-c", "pytest.ini", *arguments]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, timeout=120)
    return done.stdout + done.stderr


def totals(out):
    """What the last line of a run counts, by outcome."""
    return {what.removesuffix("s"): int(count) for count, what in re.findall(r"(\d+) ([a-z]+)", out.splitlines()[-1])}


def test_the_plugin_starts_a_server_and_seeds_accounts(tmp_path):
    out = run_tests(tmp_path, "--iamd", str(pathlib.Path(BINARY).resolve()))
    assert (totals(out)["passed"], totals(out)["error"]) == (2, 1), out
    assert "failed" not in totals(out), out
    assert "bad.yaml:1:29: unknown field `user`" in out


def test_the_plugin_finds_a_server(tmp_path):
    with Server() as server:
        out = run_tests(tmp_path, "--iamd-url", server.endpoint)
        assert (totals(out)["passed"], totals(out)["error"]) == (2, 1), out
        assert len(server.own("accounts")[1]["accounts"]) >= 1
