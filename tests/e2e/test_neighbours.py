"""Operations of other services about IAM itself, through boto3."""

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server

TRUST = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}'
POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'


def client(who, service):
    """A client of a service whose answers are not XML."""
    return who.session.client(service, endpoint_url=who.endpoint)


def error(raised):
    return raised.value.response["Error"]["Code"]


def test_tags_of_several_resources(root):
    iam, tagging = root.iam, client(root, "resourcegroupstaggingapi")
    role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    policies = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=POLICY)["Policy"]["Arn"] for n in range(3)]
    failed = tagging.tag_resources(ResourceARNList=[role, *policies, role + "x"], Tags={"stage": "prod"})
    assert {arn: failure["ErrorCode"] for arn, failure in failed["FailedResourcesMap"].items()} == {role + "x": "NoSuchEntity"}
    assert iam.list_role_tags(RoleName="web")["Tags"] == [{"Key": "stage", "Value": "prod"}]
    pages = tagging.get_paginator("get_resources").paginate(
        ResourceTypeFilters=["iam"], TagFilters=[{"Key": "stage", "Values": ["prod"]}], ResourcesPerPage=2
    )
    assert [found["ResourceARN"] for page in pages for found in page["ResourceTagMappingList"]] == policies
    assert tagging.get_tag_keys()["TagKeys"] == ["stage"]
    assert tagging.get_tag_values(Key="stage")["TagValues"] == ["prod"]
    assert tagging.untag_resources(ResourceARNList=policies, TagKeys=["stage"])["FailedResourcesMap"] == {}
    assert tagging.get_resources()["ResourceTagMappingList"] == []
    with pytest.raises(tagging.exceptions.InvalidParameterException):
        tagging.get_resources(TagsPerPage=1)


def test_quotas_in_force():
    with Server("--quota", "RolesPerAccount=7") as server:
        quotas = client(Boto3(server.endpoint, "111111111111"), "service-quotas")
        listed = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="iam", PaginationConfig={"PageSize": 5})
        values = {quota["QuotaName"]: quota["Value"] for page in listed for quota in page["Quotas"]}
        assert (values["Roles per account"], values["Users per account"]) == (7, 5000)
        code = {"ServiceCode": "iam", "QuotaCode": "L-FE177D64"}
        assert quotas.get_service_quota(**code)["Quota"]["Value"] == 7
        assert quotas.get_aws_default_service_quota(**code)["Quota"]["Value"] == 1000
        assert [service["ServiceCode"] for service in quotas.list_services()["Services"]] == ["iam"]
        with pytest.raises(quotas.exceptions.NoSuchResourceException):
            quotas.get_service_quota(ServiceCode="iam", QuotaCode="L-00000000")


def test_regions(root, cli, user):
    ec2 = client(root, "ec2")
    regions = {region["RegionName"]: region for region in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert regions["eu-central-1"]["Endpoint"] == "ec2.eu-central-1.amazonaws.com"
    assert {region["OptInStatus"] for region in regions.values()} == {"opt-in-not-required", "not-opted-in"}
    named = ec2.describe_regions(
        RegionNames=["eu-central-1", "me-south-1"], Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    )
    assert [region["RegionName"] for region in named["Regions"]] == ["eu-central-1"]
    shown = cli.call("ec2", "DescribeRegions", RegionNames=["eu-west-1"])["Regions"]
    assert shown == [{"Endpoint": "ec2.eu-west-1.amazonaws.com", "RegionName": "eu-west-1", "OptInStatus": "opt-in-not-required"}]
    with pytest.raises(ClientError) as raised:
        ec2.describe_regions(DryRun=True)
    assert error(raised) == "DryRunOperation"
    with pytest.raises(ClientError) as raised:
        client(user, "ec2").describe_regions()
    assert error(raised) == "UnauthorizedOperation"
    with pytest.raises(ClientError) as raised:
        ec2.describe_vpcs()
    assert error(raised) == "InvalidAction" and "AWS_ENDPOINT_URL_IAM" in str(raised.value)


def test_denials_have_the_form_of_each_service(user):
    with pytest.raises(ClientError) as raised:
        client(user, "resourcegroupstaggingapi").get_resources()
    assert error(raised) == "AccessDeniedException"
    with pytest.raises(ClientError) as raised:
        client(user, "service-quotas").list_services()
    assert error(raised) == "AccessDeniedException"
