"""Every operation passes through boto3 and aws-cli, and what they made is there after a restart."""

import json

import pytest
from clients import AwsCli, Boto3, model
from everything import live
from server import Server


def existing(root):
    """The operations that the server knows."""
    names = set()
    for service in ("iam", "sts"):
        for name in model(service).operation_names:
            client = root.client(service)
            try:
                client._make_api_call(name, {})
            except client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] == "InvalidAction":
                    continue
            except Exception as error:  # botocore misses required parameters before it sends
                if type(error).__name__ != "ParamValidationError":
                    raise
            names.add(name)
    return names


def test_through_boto3(root):
    live(root)


def test_through_aws_cli(cli):
    live(cli)
