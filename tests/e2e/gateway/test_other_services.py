"""Other services, which AWS_ENDPOINT_URL sends here as well: their clients show why they are refused."""

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

CALLS = [
    ("s3", "ListBuckets", "NotImplemented"),
    ("dynamodb", "ListTables", "UnknownOperationException"),
    ("sns", "ListTopics", "InvalidAction"),
    ("lambda", "ListFunctions", "UnknownOperationException"),
    ("cloudwatch", "ListDashboards", "UnknownOperationException"),
    ("route53", "ListHostedZones", "NotImplemented"),
]


@pytest.mark.parametrize(("service", "operation", "code"), CALLS, ids=[call[0] for call in CALLS])
def test_clients_are_told_what_is_served(server, account, service, operation, code):
    once = Config(retries={"total_max_attempts": 1})
    client = boto3.Session(account, "test", region_name="us-east-1").client(service, endpoint_url=server.endpoint, config=once)
    with pytest.raises(ClientError) as raised:
        getattr(client, xform_name(operation))()
    error = raised.value.response["Error"]
    assert error["Code"] == code
    assert error["Message"].startswith("iamd serves IAM and STS, not ")
    assert "AWS_ENDPOINT_URL_IAM" in error["Message"]
