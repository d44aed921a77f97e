#!/usr/bin/env python3
"""Makes operations.tsv and operations.json.gz from the service models in botocore.

Usage:  pip download --no-deps botocore && unzip -d site botocore-*.whl
        python3 crates/aws-reference/data/operations.py site

The index has a line for every service: what a request must show to be one of the service's. The text of a service holds
its operations and the members of their inputs, as far as a request shows them. Members of members are kept where their
names on the wire cannot be read without them (query, ec2 and REST-XML), and for the services of NESTED.
"""

import gzip
import json
import pathlib
import re
import sys

import archive

DATA = pathlib.Path(sys.argv[1]) / "botocore" / "data"

PROTOCOLS = {"smithy-rpc-v2-cbor": "cbor"}

# The prefix of a service's actions is its signing name but for these, by the "Actions, resources, and condition keys"
# pages of the Service Authorization Reference.
PREFIXES = {
    "IoTSecuredTunneling": "iot",
    "awsssoportal": "sso",
    "cloudcontrolapi": "cloudformation",
    "iot-jobs-data": "iotjobsdata",
    "iotdata": "iot",
    "monitoring": "cloudwatch",
    "mturk-requester": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-marketing": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "tagging": "tag",
}

# Namespaces of services whose model does not say one for the whole service, by their API references.
NAMESPACES = {
    "cloudfront": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "s3control": "http://awss3control.amazonaws.com/doc/2018-08-20/",
    "sqs": "http://queue.amazonaws.com/doc/2012-11-05/",
}

# The names of SQS's parameters in forms, which its model no longer has, by the "API Reference" and old clients: of the
# items of lists, and of maps with their keys and values.
SQS_ITEMS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "TagKeyList": "TagKey",
}
SQS_MAPS = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}

# Protocols in which the name of a member of a member depends on the model.
NAMED_BY_MODEL = {"query", "ec2", "rest-xml"}

# JSON services whose nested members are kept as well: rules that map their calls to permissions name them.
NESTED = {
    "apigateway", "apigatewayv2", "cloudwatch", "dynamodb", "dynamodbstreams", "ecr", "ecs", "events", "firehose",
    "kinesis", "kms", "lambda", "logs", "pipes", "resourcegroupstaggingapi", "scheduler", "secretsmanager", "ssm",
    "stepfunctions",
}


def model(service):
    """The newest version of a service's model."""
    versions = sorted(path for path in service.iterdir() if (path / "service-2.json.gz").exists())
    return json.loads(gzip.decompress((versions[-1] / "service-2.json.gz").read_bytes())) if versions else None


def with_form_names(shapes):
    """The shapes of SQS with the names of its forms."""
    for shape, name in SQS_ITEMS.items():
        shapes[shape]["member"]["locationName"] = name
    for shape, (name, key, value) in SQS_MAPS.items():
        shapes[shape]["locationName"] = name
        shapes[shape]["key"]["locationName"] = key
        shapes[shape]["value"]["locationName"] = value
    return shapes


def present(**members):
    """The members that say something; the reader has defaults for the others."""
    return {name: value for name, value in members.items() if value}


class Shapes:
    """The shapes that the inputs of a service use: its structures, lists and maps; all else is written by its type."""

    def __init__(self, shapes, nested):
        self.shapes, self.nested, self.used = shapes, nested, {}

    def reference(self, name, top):
        """What a member of this shape is: the name of a structure, list or map that is kept, or a type."""
        shape = self.shapes[name]
        if shape["type"] not in ("structure", "list", "map") or not (top or self.nested):
            return shape["type"]
        self.keep(name)
        return "#" + name

    def keep(self, name):
        if name in self.used:
            return
        self.used[name] = {}
        shape = self.shapes[name]
        if shape["type"] == "structure":
            self.used[name] = present(
                members={name: self.member(member) for name, member in shape["members"].items()},
                payload=shape.get("payload"),
            )
        elif shape["type"] == "list":
            self.used[name] = present(
                item=self.member(shape["member"]), flattened=shape.get("flattened")
            )
        else:
            self.used[name] = present(
                key=self.member(shape["key"]), value=self.member(shape["value"]), flattened=shape.get("flattened")
            )

    def member(self, member):
        shape = self.shapes[member["shape"]]
        return present(
            type=self.reference(member["shape"], False),
            at=member.get("location"),
            name=member.get("locationName") or shape.get("locationName"),
            query_name=member.get("queryName"),
            flattened=member.get("flattened") or (shape.get("flattened") if not self.nested else None),
            streams=member.get("streaming") or shape.get("streaming") or shape.get("eventstream"),
        )


def operation(source, shapes):
    http, members = source["http"], {}
    if "input" in source:
        members = shapes.reference(source["input"]["shape"], True)
    return present(
        # The models of CloudFront have the version of the API at the end of names.
        name=re.sub(r"\d{4}_\d{2}_\d{2}$", "", source["name"]),
        method=http["method"] if http["method"] != "POST" else None,
        uri=http["requestUri"] if http["requestUri"] != "/" else None,
        input=members[1:] if members else None,
        no_auth=source.get("authtype") == "none",
        host_prefix=source.get("endpoint", {}).get("hostPrefix"),
    )


def entry(name, source):
    metadata = source["metadata"]
    protocols = [PROTOCOLS.get(protocol, protocol) for protocol in metadata.get("protocols", [metadata["protocol"]])]
    signing_name = metadata.get("signingName", metadata["endpointPrefix"])
    if "awsQueryCompatible" in metadata and "query" not in protocols:
        # Clients from before the change of protocol still send forms.
        protocols.append("query")
    if name == "sqs":
        with_form_names(source["shapes"])
    shapes = Shapes(source["shapes"], name in NESTED or not NAMED_BY_MODEL.isdisjoint(protocols))
    operations = [operation(value, shapes) for value in source["operations"].values()]
    text = {"operations": sorted(operations, key=lambda operation: operation["name"]), "shapes": shapes.used}
    row = [
        name,
        signing_name,
        PREFIXES.get(signing_name, signing_name),
        metadata["endpointPrefix"],
        ",".join(protocols),
        metadata.get("targetPrefix", ""),
        metadata.get("jsonVersion", ""),
        metadata["apiVersion"],
        metadata.get("xmlNamespace") or NAMESPACES.get(name, ""),
        "yes" if "awsQueryCompatible" in metadata else "no",
    ]
    return row, json.dumps(text, separators=(",", ":"))


COLUMNS = [
    "service", "signing_name", "prefix", "endpoint_prefix", "protocols", "target_prefix", "json_version", "api_version",
    "xml_namespace", "query_compatible",
]
models = {path.name: model(path) for path in DATA.iterdir() if path.is_dir()}
archive.write(archive.HERE, "operations", COLUMNS, [entry(name, source) for name, source in models.items() if source])
