"""The JSON Schemas of requests and test files agree with the commands that read them."""

import json
import pathlib
import tomllib

import jsonschema
import pytest
from server import run
from variants import variants

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples" / "policies"
DOCUMENT = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
POLICY = {"name": "p", "document": DOCUMENT}

# Every field of a request.
REQUEST = {
    "principal": "arn:aws:iam::111122223333:user/ann",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k",
    "resourceAccount": "111122223333",
    "context": {"aws:SourceIp": "192.0.2.1", "aws:TagKeys": ["a", 1, True]},
    "identityPolicies": [POLICY],
    "permissionsBoundaries": [POLICY],
    "sessionPolicies": [POLICY],
    "resourcePolicy": {"Statement": {**DOCUMENT["Statement"], "Principal": "*"}},
    "serviceControlPolicies": [{"target": "root", "policies": [POLICY]}, POLICY],
    "resourceControlPolicies": [],
    "vpcEndpointPolicies": [{"document": {"Statement": {**DOCUMENT["Statement"], "Principal": "*"}}}],
    "organizationManagementAccount": "999999999999",
}
SUITE = {
    "defaults": REQUEST,
    "cases": [
        {
            "name": "a", "request": {"resource": "*"}, "actions": ["s3:GetObject"], "resources": ["*"],
            "expect": "allowed", "deniedBy": [],
        }
    ],
}  # fmt: skip


def validator(kind):
    schema = json.loads(run("policy", "schema", kind)[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set((REQUEST if kind == "request" else SUITE)) == set(schema["properties"])
    return jsonschema.Draft202012Validator(schema).is_valid


def is_within_a_document(path):
    """What policy documents look like is not a matter of these schemas."""
    return "document" in path[:-1] or path[-1:] == ("document",) or "resourcePolicy" in path


def test_requests(tmp_path):
    fits = validator("request")
    file, disagree = tmp_path / "request.json", []
    file.write_text(json.dumps(REQUEST))
    assert run("policy", "evaluate", str(file))[0] == 0 and fits(REQUEST)
    for kind, path, changed in variants(REQUEST):
        if is_within_a_document(path) or (kind == "unknown" and path == ("context",)):
            continue
        file.write_text(json.dumps(changed))
        status, _, errors = run("policy", "evaluate", str(file))
        if (status == 0) != fits(changed):
            disagree.append((kind, path, errors))
    assert disagree == []


def test_suites(tmp_path):
    fits = validator("tests")
    file, disagree = tmp_path / "a.test.json", []
    file.write_text(json.dumps(SUITE))
    assert run("policy", "test", str(file))[0] == 0 and fits(SUITE)
    for kind, path, changed in variants(SUITE):
        # The fields of requests have their own schema.
        if path[:1] == ("defaults",) and len(path) > (0 if kind == "unknown" else 1) or "request" in path:
            continue
        file.write_text(json.dumps(changed))
        status, _, errors = run("policy", "test", str(file))
        if (status == 2) == fits(changed):
            disagree.append((kind, path, errors))
    assert disagree == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.test.*")), ids=lambda file: file.name)
def test_the_examples_fit(file):
    text = file.read_text()
    assert validator("tests")(tomllib.loads(text) if file.suffix == ".toml" else json.loads(text))
