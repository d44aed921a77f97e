"""The configuration file: checked, shown, and described by a schema that agrees with the reader."""

import json
import pathlib
import tomllib

import jsonschema
import pytest
from server import TEMPLATES, run
from variants import variants

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "docs" / "iamd.example.toml"
ORGANIZATION = ROOT / "examples" / "organization" / "iamd.toml"


@pytest.fixture(scope="module")
def schema():
    status, output, _ = run("config", "schema")
    assert status == 0
    found = json.loads(output)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


@pytest.fixture(scope="module")
def fits(schema):
    return jsonschema.Draft202012Validator(schema).is_valid


def toml(value):
    """A value in TOML, all tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def document(value):
    return "".join(f"{json.dumps(name)} = {toml(member)}\n" for name, member in value.items())


@pytest.mark.parametrize("file", [EXAMPLE, ORGANIZATION, TEMPLATES])
def test_the_files_that_are_here_are_valid(file, fits):
    status, output, errors = run("config", "check", "--config", str(file))
    assert (status, errors) == (0, "")
    assert output == f"The configuration is valid: flags, variables and {file}.\n"
    assert fits(tomllib.loads(pathlib.Path(file).read_text()))


def test_the_example_has_every_key(schema):
    def merged(values):
        return {name: member for value in values if isinstance(value, dict) for name, member in value.items()}

    def missing(schema, value, path=""):
        if isinstance(value, list):
            value, schema = merged(value), schema.get("items", {})
        elif "properties" not in schema and isinstance(value, dict):
            # The names are the user's; together, the members have every key.
            value, schema = merged(value.values()), schema.get("additionalProperties", {})
        if isinstance(value, dict) and path != "/quotas" and "jwks" not in schema.get("properties", {}):
            named = schema.get("properties", {})
            yield from (f"{path}/{name}" for name in set(named) - set(value))
            for name in set(named) & set(value):
                yield from missing(named[name], value[name], f"{path}/{name}")

    assert list(missing(schema, tomllib.loads(EXAMPLE.read_text()))) == []


def test_schema_and_reader_agree(tmp_path, fits):
    example = tomllib.loads(EXAMPLE.read_text())
    file = tmp_path / "iamd.toml"
    disagree = []
    for kind, path, changed in variants(example):
        file.write_text(document(changed))
        status, _, errors = run("config", "show", "--config", str(file))
        if (status == 0) != fits(changed):
            # What only a start notices, such as a policy with neither document nor file, is not a matter of form.
            if kind == "missing" and path[-1] in ("document", "file", "discovery"):
                continue
            disagree.append((kind, path, errors))
    assert disagree == []


def test_what_only_a_start_notices_is_checked(tmp_path):
    for text, sentence in [
        ('session-key = "00"', "the session key must be 64 hexadecimal digits"),
        ('root-access-key = "AKIAROOT"', "give both --root-access-key and --root-secret-key, and neither empty"),
        ('[issuers."https://a"]', "the issuer https://a: give one of jwks, jwks-file and discovery"),
        ('instance-profile = "a b c"', "a b c is not the name or ARN of an instance profile"),
        ("[quotas]\nUsers = 1", "unknown quota Users; did you mean UsersPerAccount?"),
        ('database = "x"', "the database x is not known: write sqlite:PATH, postgres://USER@HOST/DATABASE, or memory"),
    ]:
        (tmp_path / "iamd.toml").write_text(text)
        status, output, errors = run("config", "check", "--config", "iamd.toml", cwd=tmp_path)
        assert (status, output, errors) == (1, "", f"iamd: {sentence}\n")


def test_what_is_in_force_is_shown_without_secrets(tmp_path):
    (tmp_path / "iamd.toml").write_text(
        'enforcement = "log"\nadmin-token = "hidden-1"\n[credentials.tasks.a]\nrole = "r"\ntoken = "hidden-2"\n'
    )
    status, output, _ = run(
        "config", "show", "--config", "iamd.toml", "--log-level", "warn", "--quota", "UsersPerAccount=1",
        cwd=tmp_path, IAMD_LISTEN="4600", IAMD_SESSION_KEY="hidden-3",
    )
    assert status == 0
    assert "hidden" not in output
    lines = output.splitlines()
    for line in (
        'listen = "127.0.0.1:4600"  # IAMD_LISTEN',
        'database = "sqlite:iamd.db"  # default',
        'enforcement = "log"  # iamd.toml',
        "# admin-token is set and secret  # iamd.toml",
        "# session-key is set and secret  # IAMD_SESSION_KEY",
        'log-level = "warn"  # flag',
        "max-connections = 20000  # default",
        "UsersPerAccount = 1",
    ):
        assert line in lines, line
    tomllib.loads(output)
    # What is shown can be used.
    (tmp_path / "shown.toml").write_text(output)
    assert run("config", "show", "--config", "shown.toml", cwd=tmp_path)[0] == 0
