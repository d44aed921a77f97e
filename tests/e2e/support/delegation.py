"""What templates are for: delegation requests from their beginning to their end, roles made from templates, and reports
of an organization's management account. The templates and the organization are those of data/templates.toml."""

import json
import urllib.request
import uuid

POLICY_TEMPLATE = "arn:aws:iam::aws:delegation-template/example.com/setup-1"
ROLE_TEMPLATE = "arn:aws:iam::aws:role-template/lambda.amazonaws.com/Basic:1"
PROVIDER = "188888888888"
MANAGEMENT = "199999999999"


def delegation(caller, root, iam, account):
    """`caller` makes a function that calls a service as some principal; `iam` calls as the root user of `account`."""
    as_root_of = lambda other: root.using({"AccessKeyId": other, "SecretAccessKey": "test"})
    requests(caller, root, iam, as_root_of(PROVIDER), account)
    acquired(iam, account)
    reported(caller(as_root_of(MANAGEMENT), "iam"))


def requests(caller, root, iam, provider, account):
    ask = caller(provider, "iam")
    topic = f"arn:aws:sns:us-east-1:{PROVIDER}:{uuid.uuid4()}"
    ids = []
    for _ in range(2):
        made = ask(
            "CreateDelegationRequest",
            OwnerAccountId=account,
            Description="sets things up",
            Permissions={
                "PolicyTemplateArn": POLICY_TEMPLATE,
                "Parameters": [{"Name": "Prefix", "Values": ["setup-"], "Type": "string"}],
            },
            RequestorWorkflowId=str(uuid.uuid4()),
            NotificationChannel=topic,
            SessionDuration=900,
        )
        ids.append(made["DelegationRequestId"])
        iam("AssociateDelegationRequest", DelegationRequestId=ids[-1])
    wanted, unwanted = ids
    iam("UpdateDelegationRequest", DelegationRequestId=wanted, Notes="please look")
    shown = iam("GetDelegationRequest", DelegationRequestId=wanted, DelegationPermissionCheck=True)
    request = shown["DelegationRequest"]
    assert (request["State"], request["OwnerId"]) == ("PENDING_APPROVAL", f"arn:aws:iam::{account}:root")
    assert shown["PermissionCheckResult"] == "ALLOWED"
    assert json.loads(request["PermissionPolicy"])["Statement"]["Resource"] == "arn:aws:iam::*:user/setup-*"
    listed = [each["DelegationRequestId"] for each in iam("ListDelegationRequests")["DelegationRequests"]]
    assert set(listed) == set(ids)
    summary = iam("GetHumanReadableSummary", EntityArn=f"arn:aws:iam::{account}:delegation-request/{wanted}")
    assert "CreateUser and DeleteUser" in summary["SummaryContent"]
    iam("RejectDelegationRequest", DelegationRequestId=unwanted, Notes="not this one")
    iam("AcceptDelegationRequest", DelegationRequestId=wanted)
    iam("SendDelegationToken", DelegationRequestId=wanted)
    with urllib.request.urlopen(f"{root.endpoint}/_iamd/delegation-notices?topic={topic}", timeout=30) as answer:
        notices = json.load(answer)["notices"]
    token = next(notice["tradeInToken"] for notice in notices if notice["tradeInToken"])
    granted = caller(provider, "sts")("GetDelegatedAccessToken", TradeInToken=token)
    assert granted["AssumedPrincipal"] == f"arn:aws:iam::{account}:root"
    delegated = caller(root.using(granted["Credentials"]), "iam")
    delegated("CreateUser", UserName="setup-user")
    delegated("DeleteUser", UserName="setup-user")
    try:
        delegated("CreateUser", UserName="other")
    except Exception as error:
        assert "no session policy allows the iam:CreateUser action" in str(error), error
    else:
        raise AssertionError("the delegation is not limited")


def acquired(iam, account):
    version = iam("GetRoleTemplateVersion", TemplateArn=ROLE_TEMPLATE)["RoleTemplateVersion"]
    assert version["ParametersDefinition"][0]["Name"] == "Name"
    values = {"Name": {"Values": ["web"]}}
    role = iam("AcquireRole", TemplateArn=ROLE_TEMPLATE, ReplacementValues=values)["Role"]
    assert role["Arn"] == f"arn:aws:iam::{account}:role/service-role/fn-web"
    assert iam("AcquireRole", TemplateArn=ROLE_TEMPLATE, ReplacementValues=values)["Role"]["RoleId"] == role["RoleId"]
    assert iam("GetRole", RoleName="fn-web")["Role"]["RoleId"] == role["RoleId"]
    iam("DeleteRolePolicy", RoleName="fn-web", PolicyName="read")
    iam("DetachRolePolicy", RoleName="fn-web", PolicyArn=version["ManagedPolicyArns"][0])
    iam("DeleteRole", RoleName="fn-web")


def reported(management):
    path = f"o-a1b2c3d4e5/r-f6g7/{MANAGEMENT}"
    job = management("GenerateOrganizationsAccessReport", EntityPath=path)["JobId"]
    report = management("GetOrganizationsAccessReport", JobId=job, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING")
    assert report["JobStatus"] == "COMPLETED"
    assert (report["AccessDetails"][0]["ServiceNamespace"], report["AccessDetails"][0]["EntityPath"]) == ("iam", path)
