"""AWS's own clients on a server, and what they must find in every answer."""

import json
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

import boto3
import botocore.config
import botocore.session
from botocore import xform_name
from server import environment

COMMON = {
    "AccessDenied", "ExpiredToken", "IncompleteSignature", "InvalidAction", "InvalidClientTokenId",
    "InvalidParameterValue", "MalformedInput", "MissingAction", "MissingAuthenticationToken", "SignatureDoesNotMatch",
    "ValidationError",
}  # fmt: skip


class Boto3:
    """boto3 as one identity. Every answer is held against the service model, in which the server does not fail."""

    def __init__(self, endpoint, key_id, secret="test", token=None, region="us-east-1", validate=True, may_fail=False):
        self.endpoint = endpoint
        self.may_fail = may_fail
        self.validate = validate
        self.session = boto3.Session(key_id, secret, token, region_name=region)
        self.clients = {}

    def client(self, service):
        if service not in self.clients:
            config = botocore.config.Config(
                retries={"total_max_attempts": 1}, max_pool_connections=64, parameter_validation=self.validate
            )
            client = self.session.client(service, endpoint_url=self.endpoint, config=config)
            client.meta.events.register(f"before-parse.{service}.*", self.check)
            self.clients[service] = client
        return self.clients[service]

    def check(self, operation_model, response_dict, **_):
        if response_dict["status_code"] < 500 or not self.may_fail:
            must_fit_the_model(operation_model, response_dict)

    @property
    def iam(self):
        return self.client("iam")

    @property
    def sts(self):
        return self.client("sts")

    def call(self, service, operation, **parameters):
        return getattr(self.client(service), xform_name(operation))(**parameters)

    def using(self, credentials):
        """The same client with the credentials of an access key or a session."""
        secret, token = credentials["SecretAccessKey"], credentials.get("SessionToken")
        return type(self)(self.endpoint, credentials["AccessKeyId"], secret, token)


class AwsCli:
    """aws-cli as one identity."""

    def __init__(self, endpoint, key_id, secret="test", token=None, region="us-east-1"):
        self.endpoint = endpoint
        self.variables = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        if token:
            self.variables["AWS_SESSION_TOKEN"] = token

    def run(self, *arguments):
        """Exit status, output, errors."""
        done = subprocess.run(
            ["aws", *arguments], capture_output=True, text=True, timeout=120, env=environment(**self.variables)
        )
        return done.returncode, done.stdout, done.stderr

    def call(self, service, operation, **parameters):
        command = [service, xform_name(operation, "-"), "--cli-input-json", json.dumps(parameters), "--output", "json"]
        if operation == "CreateVirtualMFADevice":
            return self.virtual_device(**parameters)
        status, output, errors = self.run(*command)
        if "argument operation: Invalid choice" in errors:
            # aws-cli brings a service model of its own, which may be older than boto3's.
            return self.boto3().call(service, operation, **parameters)
        assert status == 0, errors
        return json.loads(output) if output.strip() else {}

    def boto3(self):
        """boto3 as the same identity."""
        key_id, secret = self.variables["AWS_ACCESS_KEY_ID"], self.variables["AWS_SECRET_ACCESS_KEY"]
        return Boto3(self.endpoint, key_id, secret, self.variables.get("AWS_SESSION_TOKEN"))

    def virtual_device(self, VirtualMFADeviceName, Tags):
        """aws-cli has flags of its own for it, and writes the seed into a file."""
        command = ["iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", VirtualMFADeviceName]
        command += ["--tags", json.dumps(Tags), "--bootstrap-method", "Base32StringSeed", "--output", "json"]
        with tempfile.NamedTemporaryFile("r") as seed:
            status, output, errors = self.run(*command, "--outfile", seed.name)
            assert status == 0, errors
            answer = json.loads(output)
            answer["VirtualMFADevice"]["Base32StringSeed"] = seed.read()
            return answer

    using = Boto3.using


def must_fit_the_model(operation_model, response_dict, **_):
    """No answer has an element that the model does not know, or lacks one that the model requires."""
    status, body = response_dict["status_code"], response_dict["body"]
    assert status < 500, body
    root = ElementTree.fromstring(body)
    namespace = root.tag.partition("}")[0] + "}"
    strip = lambda element: element.tag.removeprefix(namespace)
    if status != 200:
        code = root.findtext(f"{namespace}Error/{namespace}Code")
        declared = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation_model.error_shapes}
        assert code in declared | COMMON, f"{operation_model.name} does not declare {code}"
        return
    assert namespace == f"{{{operation_model.metadata['xmlNamespace']}}}"
    assert strip(root) == f"{operation_model.name}Response"
    parts = {strip(part): part for part in root}
    assert "ResponseMetadata" in parts
    shape = operation_model.output_shape
    expected = {"ResponseMetadata"} if shape is None else {"ResponseMetadata", f"{operation_model.name}Result"}
    assert set(parts) == expected, f"{operation_model.name}: {set(parts)}"
    if shape is not None:
        fit(parts[f"{operation_model.name}Result"], shape, strip, operation_model.name)


def fit(element, shape, strip, path):
    if shape.type_name == "structure":
        found = [strip(member) for member in element]
        assert len(found) == len(set(found)), f"{path}: {found}"
        assert set(found) <= set(shape.members), f"{path}: {set(found) - set(shape.members)} are not in the model"
        assert set(shape.required_members) <= set(found), f"{path}: {set(shape.required_members) - set(found)} lack"
        for member in element:
            fit(member, shape.members[strip(member)], strip, f"{path}.{strip(member)}")
    elif shape.type_name == "list":
        for member in element:
            assert strip(member) == "member", path
            fit(member, shape.member, strip, f"{path}[]")
    elif shape.type_name == "map":
        for entry in element:
            assert [strip(part) for part in entry] == ["key", "value"], path
    else:
        assert len(element) == 0, f"{path} has elements"
        text = element.text or ""
        if shape.type_name == "timestamp":
            assert len(text) == 20 and text.endswith("Z"), f"{path}: {text}"
        # AWS's own answers have words for these two that its model does not list.
        unlisted = path.endswith(("PermissionsBoundaryType", "SourcePolicyType"))
        if shape.type_name == "string" and shape.enum and not unlisted:
            assert text in shape.enum, f"{path}: {text} is not in {shape.enum}"


def model(service):
    """botocore's model of a service."""
    return botocore.session.get_session().get_service_model(service)
