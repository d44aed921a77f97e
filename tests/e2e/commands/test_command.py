"""The command: its help, its settings, and the sentence with which it gives up."""

import socket
import sqlite3
import subprocess

import pytest
from clients import Boto3
from server import Server, run


def refused(*arguments, cwd=None, **variables):
    """The one sentence that a start which must fail leaves."""
    status, output, errors = run(*arguments, cwd=cwd, **variables)
    assert status not in (0, None), output
    assert output == ""
    assert len(errors.strip().splitlines()) == 1, errors
    assert errors.startswith("iamd: ")
    return errors


def test_help_fits_a_person():
    status, output, _ = run("--help")
    assert status == 0
    for name in ("serve", "--listen", "--database", "--enforcement", "IAMD_LISTEN", "AWS_ENDPOINT_URL"):
        assert name in output
    assert max(map(len, output.splitlines())) <= 100


def test_the_banner_tells_all_that_a_client_needs(in_memory):
    with Server("--enforcement", "on", database="memory") as server:
        lines = [server.process.stdout.readline().strip() for _ in range(9)]
    banner = "\n".join(lines)
    assert f"export AWS_ENDPOINT_URL={server.endpoint}" in banner
    assert "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test" in banner
    assert "export AWS_REGION=us-east-1" in banner
    assert "Enforcement is on" in banner
    assert "memory" in banner
    assert "000000000000" in banner


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["--enforcment", "log"], "--enforcement"),
        (["--databse=memory"], "--database"),
        (["helth"], "health"),
    ],
)
def test_an_unknown_flag_is_refused_with_the_nearest(arguments, nearest):
    status, _, errors = run(*arguments)
    assert status not in (0, None)
    assert nearest in errors


def test_an_unknown_variable_is_refused_with_the_nearest():
    assert "IAMD_ENFORCEMENT" in refused(IAMD_ENFORCMENT="on")


def test_an_unknown_key_of_the_file_is_refused_with_the_nearest(tmp_path):
    (tmp_path / "iamd.toml").write_text('enforcment = "on"\n')
    assert "enforcement?" in refused("--config", "iamd.toml", cwd=tmp_path)


def test_an_unknown_quota_is_refused_with_the_nearest():
    assert "UsersPerAccount" in refused("--database", "memory", "--listen", "127.0.0.1:0", "--quota", "UserPerAccount=1")


def test_quotas_can_be_given_by_a_variable(account):
    with Server(variables={"IAMD_QUOTAS": "UsersPerAccount=0,GroupsPerAccount=7"}) as server:
        summary = Boto3(server.endpoint, account).iam.get_account_summary()["SummaryMap"]
    assert (summary["UsersQuota"], summary["GroupsQuota"]) == (0, 7)


def test_flags_win_over_variables_and_those_over_the_file(tmp_path):
    (tmp_path / "iamd.toml").write_text('enforcement = "log"\nadmin-token = "file"\n')
    variables = {"IAMD_ADMIN_TOKEN": "variable", "IAMD_ENFORCEMENT": "log", "IAMD_CONFIG": "iamd.toml"}
    with Server("--enforcement", "on", cwd=tmp_path, variables=variables) as server:
        assert server.own("clock")[0] == 401
        status, health = server.own("health", Authorization="Bearer variable")
    assert (status, health["enforcement"]) == (200, "on")


@pytest.mark.parametrize("command", ["health", "credentials", "idp", "policy", "completions", "man"])
def test_commands_have_no_flags_that_mean_nothing_to_them(command):
    for name in ("--database", "--max-body-size", "--session-key"):
        assert name not in run(command, "--help")[1]


@pytest.mark.parametrize("arguments", [["policy", "--help"], ["completions", "bash"], ["man"]])
def test_commands_without_a_server_do_not_read_its_variables(arguments):
    assert run(*arguments, IAMD_LISTEN="bad", IAMD_NONSENSE="1")[0] == 0


@pytest.mark.parametrize("shell", ["bash", "elvish", "fish", "powershell", "zsh"])
def test_completions_name_commands_and_flags(shell):
    status, output, _ = run("completions", shell)
    assert status == 0
    assert "max-connections" in output and "credentials" in output


def test_the_manual_page_names_the_flags():
    status, output, _ = run("man")
    assert status == 0
    assert output.startswith(".ie") and "max\\-connections" in output


def test_short_help_is_short():
    assert len(run("-h")[1].splitlines()) < 60


@pytest.mark.parametrize("address", ["localhost:0", ":0", "0"])
def test_a_port_alone_is_on_loopback(address):
    with Server(listen=address) as server:
        assert server.endpoint == f"http://127.0.0.1:{server.port}"


def test_an_invalid_variable_is_named_and_an_empty_one_is_unset():
    assert "IAMD_ENFORCEMENT" in refused(IAMD_ENFORCEMENT="off")
    assert "IAMD_LISTEN" in refused(IAMD_LISTEN="bad")
    with Server(variables={"IAMD_LISTEN": "", "IAMD_ADMIN_TOKEN": ""}) as server:
        assert server.own("health")[0] == 200


def test_a_taken_port_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused("--listen", f"127.0.0.1:{port}", "--database", "memory")
    assert f"127.0.0.1:{port}" in sentence


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    sentence = refused("--listen", "127.0.0.1:0", "--database", f"sqlite:{tmp_path}/none/iamd.db")
    assert "none/iamd.db" in sentence


def test_a_folder_that_cannot_be_written_is_one_sentence():
    sentence = refused("--listen", "127.0.0.1:0", "--database", "sqlite:/proc/iamd.db")
    assert "/proc/iamd.db" in sentence


@pytest.mark.parametrize("content", [b"no database at all, but some text\n" * 200, b"SQLite format 3\0" + b"\xff" * 8192])
def test_a_corrupt_database_is_one_sentence(tmp_path, content):
    (tmp_path / "iamd.db").write_bytes(content)
    assert "iamd.db" in refused("--listen", "127.0.0.1:0", cwd=tmp_path)
    assert (tmp_path / "iamd.db").read_bytes() == content, "what cannot be read is not touched"


def test_a_newer_database_is_one_sentence(tmp_path):
    Server(database="sqlite:iamd.db", cwd=tmp_path).stop()
    with sqlite3.connect(tmp_path / "iamd.db") as database:
        database.execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)"
            " values (9999, 'of the future', true, x'00', 0)"
        )
    sentence = refused("--listen", "127.0.0.1:0", cwd=tmp_path)
    assert "newer" in sentence


def test_the_default_database_stands_in_the_working_directory(tmp_path):
    Server(database="sqlite:iamd.db", cwd=tmp_path).stop()
    assert (tmp_path / "iamd.db").exists()
    Server("--data-dir", str(tmp_path), database="sqlite:other.db").stop()
    assert (tmp_path / "other.db").exists()


def test_the_banner_is_valid_shell_with_a_root_key_of_ones_own():
    with Server("--root-access-key", "AKIA'ROOT", "--root-secret-key", "s3cret") as server:
        lines = [server.process.stdout.readline() for _ in range(8)]
    exports = "".join(line for line in lines if line.startswith("  export "))
    assert "s3cret" not in exports
    command = ["bash", "-uc", exports + 'echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"']
    done = subprocess.run(command, capture_output=True, text=True, env={"IAMD_ROOT_SECRET_KEY": "own $secret"})
    assert (done.stdout, done.stderr) == ("AKIA'ROOT own $secret\n", "")


def test_a_server_that_nobody_could_use_does_not_start(tmp_path):
    sentence = refused("--no-dev-credentials", "--database", "memory", "--listen", "127.0.0.1:0")
    assert "--root-access-key" in sentence
    # A database with an access key is a way in.
    with Server(database="sqlite:iamd.db", cwd=tmp_path) as server:
        Boto3(server.endpoint, "200000000000").iam.create_user(UserName="bob")
    Server("--no-dev-credentials", database="sqlite:iamd.db", cwd=tmp_path).stop()
    Server("--no-dev-credentials", "--session-key", "00" * 32).stop()


def test_a_switch_needs_no_value():
    Server("--no-dev-credentials", "--root-access-key", "AKIAROOT", "--root-secret-key", "s3cret").stop()
    Server("--no-dev-credentials=false").stop()


def test_health_asks_a_running_server(tmp_path):
    with Server() as server:
        status, output, _ = run("health", "--listen", f"127.0.0.1:{server.port}")
        assert (status, '"status":"ok"' in output) == (0, True)
    status, _, errors = run("health", "--listen", f"127.0.0.1:{server.port}")
    assert status != 0
    assert errors.startswith("iamd: ")


def test_variables_of_kubernetes_are_ignored():
    """Kubernetes sets them in all pods beside a service called iamd."""
    variables = {
        "IAMD_PORT": "tcp://10.0.0.1:4593",
        "IAMD_PORT_4593_TCP": "tcp://10.0.0.1:4593",
        "IAMD_PORT_4593_TCP_ADDR": "10.0.0.1",
        "IAMD_PORT_4593_TCP_PORT": "4593",
        "IAMD_PORT_4593_TCP_PROTO": "tcp",
        "IAMD_SERVICE_HOST": "10.0.0.1",
        "IAMD_SERVICE_PORT": "4593",
        "IAMD_SERVICE_PORT_HTTP": "4593",
    }
    with Server(variables=variables) as server:
        assert server.own("health")[0] == 200
    assert "unknown variable IAMD_PORT" in refused("--database", "memory", IAMD_PORT="4593")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--max-connections", "0"), "max-connections must be from 1 to 1000000, and not 0"),
        (("--max-body-size", "0"), "max-body-size must be from 1 to 1099511627776, and not 0"),
        (("--request-timeout", "0"), "request-timeout must be from 1 to 86400, and not 0"),
    ],
)
def test_settings_that_make_the_server_useless_are_refused(arguments, sentence, tmp_path):
    assert refused("--database", "memory", *arguments) == f"iamd: {sentence}\n"
    config = tmp_path / "iamd.toml"
    name, value = arguments
    config.write_text(f"{name[2:]} = {value}\n")
    assert refused("--database", "memory", "--config", str(config)) == f"iamd: {sentence}\n"
