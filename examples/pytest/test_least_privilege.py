"""Tests that what an application may do is what it should."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

READ_ONLY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}}


@pytest.fixture
def auditor(aws):
    """An IAM client of a user who may only read."""
    iam = aws.client("iam")
    iam.create_user(UserName="auditor")
    iam.put_user_policy(UserName="auditor", PolicyName="read", PolicyDocument=json.dumps(READ_ONLY))
    key = iam.create_access_key(UserName="auditor")["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1").client("iam")


def test_an_auditor_reads(auditor, account):
    user = auditor.get_user(UserName="auditor")["User"]
    assert user["Arn"] == f"arn:aws:iam::{account}:user/auditor"


def test_an_auditor_changes_nothing(auditor):
    with pytest.raises(ClientError, match="not authorized to perform: iam:DeleteUser"):
        auditor.delete_user(UserName="auditor")
