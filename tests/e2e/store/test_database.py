"""The database's file: whose it is, where it is, and what is in it."""

import contextlib
import os
import re
import sqlite3
import subprocess
import uuid

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import BINARY, Server, environment, run

KEY, OTHER_KEY = "0123456789abcdef" * 4, "f" * 64


def key_file(folder, key=KEY, mode=0o600):
    path = folder / "key"
    path.write_text(key + "\n")
    path.chmod(mode)
    return f"--database-key-file={path}"


def start(folder, *arguments, **variables):
    return Server(*arguments, database=f"sqlite:{folder}/iamd.db", variables=variables)


def refused(folder, *arguments, database="iamd.db", **variables):
    """The one sentence with which the server does not start."""
    status, output, errors = run("--listen", "127.0.0.1:0", "--database", f"sqlite:{folder}/{database}", *arguments, **variables)
    assert (status, output) == (1, "")
    assert errors.startswith("iamd: ") and errors.count("\n") == 1, errors
    return errors.removeprefix("iamd: ").rstrip()


def make_secrets(server, account):
    """Everything that the server keeps secret, and passwords, of which it keeps only hashes."""
    iam = Boto3(server.endpoint, account).iam
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="correct horse Battery 9 staple!")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    service = iam.create_service_specific_credential(UserName="bob", ServiceName="codecommit.amazonaws.com")
    secrets = [
        key["SecretAccessKey"],
        device["Base32StringSeed"].decode(),
        service["ServiceSpecificCredential"]["ServicePassword"],
        "correct horse Battery 9 staple!",
    ]
    return key, [secret.encode() for secret in secrets]


def content(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("iamd.db"))


def session_key(folder):
    with contextlib.closing(sqlite3.connect(folder / "iamd.db")) as database:
        return database.execute("select value from server where key = 'session key'").fetchone()[0]


def works(server, key):
    return Boto3(server.endpoint, "").using({**key, "SessionToken": None}).sts.get_caller_identity()["Arn"]


def test_with_a_key_no_secret_is_in_the_file(tmp_path, account):
    argument = key_file(tmp_path)
    with start(tmp_path, argument) as server:
        key, secrets = make_secrets(server, account)
        # While the log holds what was written last, and after it was written to the file.
        assert not [secret for secret in secrets if secret in content(tmp_path)]
    assert not [secret for secret in secrets if secret in content(tmp_path)]
    with start(tmp_path, IAMD_DATABASE_KEY=KEY) as server:
        assert works(server, key).endswith(":user/bob")
    with contextlib.closing(sqlite3.connect(tmp_path / "iamd.db")) as database:
        assert database.execute("select account, name, path from users").fetchall() == [(account, "bob", "/")]
    assert refused(tmp_path) == (
        f"the database {tmp_path}/iamd.db is sealed; give its key by --database-key-file or IAMD_DATABASE_KEY"
    )
    wrong = f"the database {tmp_path}/iamd.db is sealed with another key than the one given"
    assert refused(tmp_path, IAMD_DATABASE_KEY=OTHER_KEY) == wrong
    open_to_others = key_file(tmp_path, mode=0o644)
    assert "is open to others than its owner: chmod 600" in refused(tmp_path, open_to_others)


def test_a_database_is_sealed_at_its_first_start_with_a_key(tmp_path, account):
    with start(tmp_path) as server:
        key, secrets = make_secrets(server, account)
    plain = content(tmp_path)
    assert not [secret for secret in secrets[:2] if secret not in plain], "without a key they are in plain text"
    own = session_key(tmp_path)
    with start(tmp_path, key_file(tmp_path)) as server:
        assert works(server, key).endswith(":user/bob")
        assert not [secret for secret in [*secrets, own] if secret in content(tmp_path)]
    assert not [secret for secret in [*secrets, own] if secret in content(tmp_path)]
    assert "is sealed" in refused(tmp_path)


def database(folder, command, *arguments, **variables):
    """What `iamd database` says, or why it refuses."""
    status, output, errors = run("database", command, f"--database=sqlite:{folder}/iamd.db", *arguments, **variables)
    assert (status == 0) == (errors == ""), errors
    return (output or errors).rstrip()


def audit_trail(folder):
    return (folder / "iamd.db-audit").read_bytes()


def events(server, account):
    trail = Boto3(server.endpoint, account).session.client("cloudtrail", endpoint_url=server.endpoint)
    return [event["EventName"] for event in trail.lookup_events(MaxResults=50)["Events"]]


def test_the_key_of_a_database_is_changed_and_taken_away(tmp_path, account):
    path, marker = tmp_path / "iamd.db", b"marker-of-an-event"
    with start(tmp_path) as server:
        key, secrets = make_secrets(server, account)
        user = Boto3(server.endpoint, account).using({**key, "SessionToken": None})
        session = user.sts.get_session_token()["Credentials"]
        with pytest.raises(ClientError, match="AccessDenied"):
            user.iam.get_user(UserName=marker.decode())
        for command in ("seal", "unseal", "rotate"):
            more = [f"--new-key-file={key_file(tmp_path).split('=')[1]}"] if command == "rotate" else []
            assert "is in use by another iamd" in database(tmp_path, command, *more, IAMD_DATABASE_KEY=KEY)
    assert marker in audit_trail(tmp_path)
    assert database(tmp_path, "seal") == "iamd: give the key by --database-key-file or IAMD_DATABASE_KEY"
    for _ in range(2):
        assert database(tmp_path, "seal", key_file(tmp_path)) == f"The database {path} is sealed."
    assert not [secret for secret in [*secrets, marker] if secret in content(tmp_path)]
    new = tmp_path / "new"
    new.write_text(OTHER_KEY)
    new.chmod(0o644)
    rotate = ["rotate", key_file(tmp_path), f"--new-key-file={new}"]
    assert "is open to others" in database(tmp_path, *rotate)
    new.chmod(0o600)
    assert database(tmp_path, *rotate) == f"The database {path} is sealed with the new key."
    assert database(tmp_path, *rotate) == f"iamd: the database {path} is sealed with another key than the one given"
    with start(tmp_path, IAMD_DATABASE_KEY=OTHER_KEY) as server:
        assert works(server, key).endswith(":user/bob")
        assert Boto3(server.endpoint, "").using(session).sts.get_caller_identity()["Arn"].endswith(":user/bob")
        assert {"GetUser", "CreateAccessKey"} <= set(events(server, account)), "the events can be read"
    assert not [secret for secret in [*secrets, marker] if secret in content(tmp_path)]
    assert database(tmp_path, "unseal", IAMD_DATABASE_KEY=OTHER_KEY) == f"The database {path} is no longer sealed."
    with start(tmp_path) as server:
        assert works(server, key).endswith(":user/bob")
        assert {"GetUser", "CreateAccessKey"} <= set(events(server, account))
    assert marker in audit_trail(tmp_path)
    assert database(tmp_path / "none", "unseal", IAMD_DATABASE_KEY=KEY) == f"iamd: there is no database {tmp_path}/none/iamd.db"


def test_a_change_of_the_key_that_is_killed_is_made_again(tmp_path, account):
    """However far it came: the database opens with one of the keys, and the command finishes what it began."""
    with start(tmp_path, IAMD_DATABASE_KEY=KEY) as server:
        key, secrets = make_secrets(server, account)
        iam = Boto3(server.endpoint, account).iam
        for number in range(300):
            iam.create_user(UserName=f"user-{number}")
    new = tmp_path / "new"
    new.write_text(OTHER_KEY)
    new.chmod(0o600)
    command = [BINARY, "database", "rotate", f"--database=sqlite:{tmp_path}/iamd.db", key_file(tmp_path), f"--new-key-file={new}"]
    finished = False
    for delay in (0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 60):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        try:
            _, errors = process.communicate(timeout=delay)
            # An earlier one may have been killed when all but its last words were done.
            finished = process.returncode == 0 or b"with another key" in errors
            assert finished, errors
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    assert finished
    assert "with another key" in refused(tmp_path, IAMD_DATABASE_KEY=KEY)
    with start(tmp_path, IAMD_DATABASE_KEY=OTHER_KEY) as server:
        assert works(server, key).endswith(":user/bob")
        assert len(Boto3(server.endpoint, account).iam.list_users(MaxItems=1000)["Users"]) == 301
        assert "CreateUser" in events(server, account), "the newest events are of users"


def test_a_row_in_anothers_place_is_refused(tmp_path, account):
    with start(tmp_path, IAMD_DATABASE_KEY=KEY) as server:
        iam = Boto3(server.endpoint, account).iam
        for name in ("ann", "bob"):
            iam.create_user(UserName=name)
    with contextlib.closing(sqlite3.connect(tmp_path / "iamd.db")) as database, database:
        database.execute("update users set body = (select body from users where key = 'ann') where key = 'bob'")
    with start(tmp_path, IAMD_DATABASE_KEY=KEY) as server:
        with pytest.raises(ClientError, match="InternalFailure"):
            Boto3(server.endpoint, account, may_fail=True).iam.list_users()
    assert f"account {account}, table users, key bob cannot be read: its seal is broken" in server.errors


def test_the_banner_says_where_everything_is(tmp_path, account, in_memory):
    def line(*arguments, **options):
        with Server(*arguments, **options) as server:
            server.process.stdout.readline()
            kept = server.process.stdout.readline().rstrip()
            Boto3(server.endpoint, account).iam.create_group(GroupName=uuid.uuid4().hex)
        return kept

    database = f"sqlite:{tmp_path}/iamd.db"
    assert line(database=database) == f"Everything is kept in {tmp_path}/iamd.db (new)."
    assert line(database=database) == f"Everything is kept in {tmp_path}/iamd.db (1 account)."
    assert line("--data-dir", str(tmp_path), database="sqlite://iamd.db") == (
        f"Everything is kept in {tmp_path}/iamd.db (1 account)."
    )
    sealed = line(database=database, variables={"IAMD_DATABASE_KEY": KEY})
    assert sealed == f"Everything is kept in {tmp_path}/iamd.db (1 account, sealed)."
    assert line() == "Everything is kept in memory, and gone when the server stops."


def test_files_of_others_are_refused_and_left_alone(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "foreign.db")) as foreign, foreign:
        foreign.execute("create table t (x)")
    before = (tmp_path / "foreign.db").read_bytes()
    message = f"the file {tmp_path}/foreign.db is a database of another program, not of iamd; choose another with --database"
    assert refused(tmp_path, database="foreign.db") == message
    assert (tmp_path / "foreign.db").read_bytes() == before
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path, database="folder") == (
        f"the database {tmp_path}/folder is a folder; name a file in it with --database"
    )
    assert not (tmp_path / "folder-lock").exists()
    (tmp_path / "text.db").write_text("x" * 200)
    assert "text.db is not a database of iamd, or it is damaged" in refused(tmp_path, database="text.db")


def test_a_damaged_page_is_one_sentence(tmp_path, account):
    with start(tmp_path) as server:
        Boto3(server.endpoint, account).iam.create_user(UserName="bob")
    path = tmp_path / "iamd.db"
    pages = bytearray(path.read_bytes())
    # The schema and all after it.
    pages[100:] = b"\xff" * (len(pages) - 100)
    path.write_bytes(pages)
    error = refused(tmp_path)
    assert re.fullmatch(rf"the file {re.escape(str(path))} is not a database of iamd, or it is damaged: .*", error), error


@pytest.mark.parametrize("make_link", [os.symlink, os.link])
def test_two_names_of_a_file_are_one_database(tmp_path, account, make_link):
    with start(tmp_path):
        make_link(tmp_path / "iamd.db", tmp_path / "other.db")
        error = refused(tmp_path, database="other.db")
        assert "is in use by another iamd" in error or "has several names (hard links)" in error


def test_where_a_link_leads_is_the_database(tmp_path, account):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "y.db").symlink_to(tmp_path / "one" / "x.db")
    with Server(database=f"sqlite:{tmp_path}/two/y.db") as server:
        Boto3(server.endpoint, account).iam.create_user(UserName="bob")
    with Server(database=f"sqlite:{tmp_path}/one/x.db") as server:
        users = Boto3(server.endpoint, account).iam.list_users()["Users"]
    assert [user["UserName"] for user in users] == ["bob"]
