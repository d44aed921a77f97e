"""Accounts return to what they held."""

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server

ONE, OTHER = "111122223333", "444455556666"


@pytest.fixture
def own():
    with Server() as server:
        yield server


def users(server, account=ONE):
    return [user["UserName"] for user in Boto3(server.endpoint, account).iam.list_users()["Users"]]


def test_an_account_returns_to_its_fixture(own):
    root = Boto3(own.endpoint, ONE)
    root.iam.create_user(UserName="ann")
    ann = root.using(root.iam.create_access_key(UserName="ann")["AccessKey"])
    before = root.iam.get_user(UserName="ann")["User"]
    assert own.own(f"snapshots/fixture?account={ONE}", "POST") == (200, {"snapshot": "fixture"})
    for _ in range(2):
        root.iam.create_user(UserName="bob")
        root.iam.tag_user(UserName="ann", Tags=[{"Key": "a", "Value": "b"}])
        root.iam.delete_access_key(UserName="ann", AccessKeyId=key_of(root))
        assert own.own(f"snapshots/fixture/restore?account={ONE}", "POST")[0] == 200
        assert users(own) == ["ann"]
        after = root.iam.get_user(UserName="ann")["User"]
        assert after["UserId"] == before["UserId"] and "Tags" not in after
        assert ann.sts.get_caller_identity()["Arn"].endswith("user/ann"), "its key is there again"
    assert users(own, OTHER) == []


def key_of(root):
    return root.iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["AccessKeyId"]


def test_all_accounts_return(own):
    Boto3(own.endpoint, ONE).iam.create_user(UserName="ann")
    assert own.own("snapshots/all", "POST")[0] == 200
    Boto3(own.endpoint, ONE).iam.create_user(UserName="bob")
    Boto3(own.endpoint, OTHER).iam.create_user(UserName="later")
    assert own.own("snapshots/all/restore", "POST")[0] == 200
    assert (users(own), users(own, OTHER)) == (["ann"], [])
    status, listed = own.own("snapshots")
    assert status == 200 and [one["name"] for one in listed["snapshots"]] == ["all"]
    assert own.own("snapshots/all", "DELETE")[0] == 200
    assert own.own("snapshots") == (200, {"snapshots": []})
    assert own.own(f"snapshots?account={ONE}") == (200, {"snapshots": []})


def test_a_snapshot_of_all_stays_whole(own):
    Boto3(own.endpoint, ONE).iam.create_user(UserName="ann")
    assert own.own("snapshots/all", "POST")[0] == 200
    for method in ("POST", "DELETE"):
        status, refusal = own.own(f"snapshots/all?account={ONE}", method)
        assert status == 409 and "all is a snapshot of all accounts" in str(refusal)
    assert own.own(f"snapshots/all/restore?account={ONE}", "POST")[0] == 200
    assert own.own("snapshots/all/restore", "POST")[0] == 200
    assert users(own) == ["ann"]


def test_what_is_not_there_is_refused(own):
    assert own.own(f"snapshots/no/restore?account={ONE}", "POST")[0] == 404
    assert own.own("snapshots/no", "DELETE")[0] == 404
    for name in ("a%20b", "%2e", "%2e%2e", "..."):
        assert own.own(f"snapshots/{name}", "POST")[0] == 400, name
    assert own.own("snapshots/x?account=1", "POST")[0] == 400
    assert own.own("snapshots/x?acount=1", "POST")[0] == 400
    assert own.own(f"snapshots/one?account={ONE}", "POST")[0] == 200
    assert own.own("snapshots/one/restore", "POST")[0] == 404, "it is not of all accounts"


def test_snapshots_survive_a_restart(tmp_path):
    database = f"sqlite:{tmp_path}/iamd.db"
    with Server(database=database) as server:
        Boto3(server.endpoint, ONE).iam.create_user(UserName="ann")
        server.own(f"snapshots/kept?account={ONE}", "POST")
        Boto3(server.endpoint, ONE).iam.delete_user(UserName="ann")
    with Server(database=database) as server:
        assert users(server) == []
        assert server.own(f"snapshots/kept/restore?account={ONE}", "POST")[0] == 200
        assert users(server) == ["ann"]
        server.own(f"reset?account={ONE}", "POST")
        with pytest.raises(ClientError, match="NoSuchEntity"):
            Boto3(server.endpoint, ONE).iam.get_user(UserName="ann")
        assert server.own(f"snapshots/kept/restore?account={ONE}", "POST")[0] == 404
