"""Accounts come from files: at the start of a server, and applied to a running one."""

import json
import os
import pathlib
import shutil
import stat

import pytest
from botocore.exceptions import ClientError
from clients import Boto3
from server import Server, run

EXAMPLE = pathlib.Path(__file__).parents[3] / "examples/accounts/accounts.yaml"
ACCOUNT = "111122223333"


@pytest.fixture
def own(tmp_path):
    """A server, and `iamd apply` on it in a folder of the test's."""
    with Server() as server:

        def apply(text, *flags, name="accounts.yaml"):
            (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
            return run("apply", name, "--listen", f"127.0.0.1:{server.port}", *flags, cwd=tmp_path)

        server.apply = apply
        server.folder = tmp_path
        server.iam = Boto3(server.endpoint, ACCOUNT).iam
        yield server


def account(**content):
    return {"accounts": {ACCOUNT: content}}


def policy(action, resource="*", **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}


def trust(principal):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}],
    }


def test_the_example_is_applied_once(own):
    code, out, error = own.apply(EXAMPLE.read_text())
    assert code == 0, error
    assert "+ 111122223333 user ann\n" in out
    assert out.endswith("7 made, 1 changed, 0 removed, 0 left\n"), out
    assert own.apply(EXAMPLE.read_text())[1] == "0 made, 0 changed, 0 removed, 8 left\n"
    assert own.iam.get_user(UserName="bob")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("/ReadReports")
    assert own.iam.list_account_aliases()["AccountAliases"] == ["example-dev"]
    role = own.iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]["Roles"][0]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}
    secrets = own.folder / "iamd-secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    ((key, secret),) = json.loads(secrets.read_text())["accounts"][ACCOUNT]["ann"]["access-keys"].items()
    assert secret not in out
    ann = Boto3(own.endpoint, ACCOUNT).using({"AccessKeyId": key, "SecretAccessKey": secret})
    assert ann.sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    ann.sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/deploy", RoleSessionName="session")


def test_the_file_of_secrets_in_a_folder_of_files_is_none_of_them(tmp_path):
    user = {"password": {"secret": "generated"}, "access-keys": [{"secret": "generated"}]}
    (tmp_path / "accounts.json").write_text(json.dumps(account(users={"ann": user})))
    for name, arguments in (("iamd-secrets.json", ()), ("made.json", ("--seed-secrets", "made.json"))):
        for _ in range(2):
            with Server("--seed", ".", *arguments, database=f"sqlite:{name}.db", cwd=tmp_path) as server:
                assert [user["UserName"] for user in Boto3(server.endpoint, ACCOUNT).iam.list_users()["Users"]] == ["ann"]
        assert "ann" in json.loads((tmp_path / name).read_text())["accounts"][ACCOUNT]
    with Server() as server:
        for _ in range(2):
            code, out, error = run("apply", ".", "--secrets", "made.json", "--listen", f"127.0.0.1:{server.port}", cwd=tmp_path)
            assert code == 0, error


def test_a_changed_file_changes_what_it_names_and_nothing_else(own):
    own.apply(account(users={"ann": {"tags": {"team": "blue"}}, "bob": {}}, policies={"p": {"document": policy("s3:Get*")}}))
    own.iam.attach_user_policy(UserName="ann", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/p")
    changed = account(
        users={"ann": {"tags": {"team": "red"}, "path": "/x/"}, "bob": {"inline-policies": {"i": policy("sqs:*")}}},
        policies={"p": {"document": policy("s3:Put*")}},
    )
    code, out, _ = own.apply(changed, "--dry-run")
    assert code == 0 and out.endswith("(nothing was done: --dry-run)\n")
    assert own.iam.get_user(UserName="ann")["User"]["Path"] == "/"
    assert own.apply(changed)[1].splitlines() == [
        f"~ {ACCOUNT} policy p: document",
        f"~ {ACCOUNT} user ann: path, tag team",
        f"~ {ACCOUNT} user bob: inline policy i",
        "0 made, 3 changed, 0 removed, 0 left",
    ]
    assert own.iam.get_policy(PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/p")["Policy"]["DefaultVersionId"] == "v2"
    assert own.iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"] != [], "not in the file, not touched"
    own.apply(account(users={"ann": {"policies": []}}))
    assert own.iam.list_attached_user_policies(UserName="ann")["AttachedPolicies"] == []


def test_pruning_removes_what_the_file_made_and_nothing_else(own):
    own.iam.create_user(UserName="mine")
    both = account(
        groups={"g": {}},
        policies={"p": {"document": policy("s3:*")}},
        users={
            "ann": {
                "groups": ["g"],
                "policies": ["p"],
                "password": {"secret": "generated"},
                "access-keys": [{"secret": "generated"}],
                "mfa-devices": {"phone": {"seed": "generated"}},
            },
            "mine": {},
        },
        roles={"r": {"trust": trust(ACCOUNT), "inline-policies": {"i": policy("s3:*")}}},
        **{"instance-profiles": {"r": {"role": "r"}}},
    )
    assert own.apply(both)[0] == 0
    code, out, error = own.apply(account(users={"bob": {}}), "--prune")
    assert code == 0, error
    removed = [line for line in out.splitlines() if line.startswith("- ")]
    kinds = ["instance-profile r", "user ann", "role r", "group g", "policy p"]
    assert removed == [f"- {ACCOUNT} {kind}" for kind in kinds]
    assert [user["UserName"] for user in own.iam.list_users()["Users"]] == ["bob", "mine"]
    assert own.iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_what_was_made_anew_by_something_else_is_not_pruned(own):
    whole = account(
        groups={"g": {}},
        policies={"p": {"document": policy("s3:*")}},
        users={"ann": {}, "bob": {}, "carol": {}},
        roles={"r": {"trust": trust(ACCOUNT)}},
        **{"instance-profiles": {"i": {}}},
    )
    assert own.apply(whole)[0] == 0
    arn = f"arn:aws:iam::{ACCOUNT}:policy/p"
    document = json.dumps(trust(ACCOUNT))
    own.iam.delete_user(UserName="ann")
    own.iam.delete_user(UserName="bob")
    own.iam.update_user(UserName="carol", NewUserName="bob")
    own.iam.delete_group(GroupName="g")
    own.iam.delete_policy(PolicyArn=arn)
    own.iam.delete_role(RoleName="r")
    own.iam.delete_instance_profile(InstanceProfileName="i")
    own.iam.create_user(UserName="ann")
    own.iam.create_group(GroupName="g")
    own.iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(policy("s3:*")))
    own.iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    own.iam.create_instance_profile(InstanceProfileName="i")
    code, out, error = own.apply(account(), "--prune")
    assert (code, out) == (0, "0 made, 0 changed, 0 removed, 0 left\n"), out + error
    assert [user["UserName"] for user in own.iam.list_users()["Users"]] == ["ann", "bob"]
    own.iam.get_policy(PolicyArn=arn)
    # What a file only finds there is not its own afterwards, either.
    assert own.apply(whole)[1].endswith("1 made, 0 changed, 0 removed, 6 left\n")
    code, out, error = own.apply(account(), "--prune")
    assert (code, out) == (0, f"- {ACCOUNT} user carol\n0 made, 0 changed, 1 removed, 0 left\n"), out + error


def test_what_another_file_has_is_not_pruned(own):
    first = {**account(users={"ann": {}, "bob": {}}, groups={"g": {}}), "name": "first"}
    assert own.apply(first, name="first.yaml")[0] == 0
    (own.folder / "second.yaml").write_text(json.dumps(account(users={"ann": {}, "carol": {"groups": ["g"]}})))
    without = {**account(), "name": "first"}
    (own.folder / "first.yaml").write_text(json.dumps(without))
    for order in (("first.yaml", "second.yaml"), ("second.yaml", "first.yaml")):
        code, out, error = run("apply", *order, "--prune", "--listen", f"127.0.0.1:{own.port}", cwd=own.folder)
        # The group has a member that another file put there: what it denies would be allowed.
        assert code == 1 and 'the group "g" cannot be removed' in error, out + error
    without["accounts"][ACCOUNT]["groups"] = {"g": {}}
    (own.folder / "first.yaml").write_text(json.dumps(without))
    code, out, error = run("apply", "first.yaml", "second.yaml", "--prune", "--listen", f"127.0.0.1:{own.port}", cwd=own.folder)
    assert code == 0 and [line for line in out.splitlines() if line[0] == "-"] == [f"- {ACCOUNT} user bob"], out + error
    assert [user["UserName"] for user in own.iam.list_users()["Users"]] == ["ann", "carol"]


def test_a_role_trusts_who_was_made_anew(own):
    described = account(users={"ann": {}}, roles={"r": {"trust": trust(f"arn:aws:iam::{ACCOUNT}:user/ann")}})
    assert own.apply(described)[0] == 0
    own.iam.delete_user(UserName="ann")
    assert own.apply(described)[1].splitlines()[:2] == [f"+ {ACCOUNT} user ann", f"~ {ACCOUNT} role r: trust"]
    shown = own.iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}
    assert own.apply(described)[1] == "0 made, 0 changed, 0 removed, 2 left\n"


def test_an_access_key_is_of_one_user(own):
    own.iam.create_user(UserName="low")
    key = own.iam.create_access_key(UserName="low")["AccessKey"]
    given = {"id": key["AccessKeyId"], "secret": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}
    code, _, error = own.apply(account(users={"high": {"access-keys": [given]}}))
    assert code == 1 and f"the access key {key['AccessKeyId']} is another user's" in error
    code, _, error = own.apply(account(users={"low": {"access-keys": [given, given]}}))
    assert code == 1 and f"the access key {key['AccessKeyId']} appears twice" in error
    low = Boto3(own.endpoint, ACCOUNT).using(key)
    assert low.sts.get_caller_identity()["Arn"].endswith("user/low")


def test_accounts_of_other_partitions_are_seen(own):
    described = {"accounts": {f"aws-cn:{ACCOUNT}": {"users": {"ann": {}}}}}
    assert own.apply(described)[0] == 0
    china = Boto3(own.endpoint, ACCOUNT, region="cn-north-1").iam
    assert f"aws-cn:{ACCOUNT}" in run("accounts", "--listen", f"127.0.0.1:{own.port}")[1]
    assert own.own("snapshots/a", "POST")[0] == 200
    china.create_user(UserName="bob")
    assert own.own("snapshots/a/restore", "POST")[0] == 200
    assert [user["UserName"] for user in china.list_users()["Users"]] == ["ann"]
    assert own.apply({"accounts": {}}, "--prune")[1].endswith("0 made, 0 changed, 1 removed, 0 left\n")
    china.create_user(UserName="bob")
    assert own.own(f"reset?account=aws-cn:{ACCOUNT}", "POST")[0] == 200
    assert china.list_users()["Users"] == []


def test_what_cannot_be_pruned_is_named(own):
    assert own.apply(account(policies={"p": {"document": policy("s3:*")}}))[0] == 0
    own.iam.create_user(UserName="mine")
    own.iam.attach_user_policy(UserName="mine", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/p")
    code, out, error = own.apply(account(users={"ann": {}}), "--prune")
    expected = 'accounts.yaml: the policy "p" cannot be removed: Cannot delete a policy attached to entities. (DeleteConflict)'
    assert (code, out) == (1, "") and expected in error, error
    assert [user["UserName"] for user in own.iam.list_users()["Users"]] == ["mine"]


def test_a_name_in_another_case_is_the_same(own):
    kinds = {
        "users": {},
        "groups": {},
        "roles": {"trust": trust(ACCOUNT)},
        "policies": {"document": policy("s3:*")},
        "instance-profiles": {},
    }
    assert own.apply(account(**{kind: {"bob": content} for kind, content in kinds.items()}))[0] == 0
    code, out, error = own.apply(account(**{kind: {"Bob": content} for kind, content in kinds.items()}), "--prune")
    assert (code, out) == (0, "0 made, 0 changed, 0 removed, 5 left\n"), out + error
    assert [user["UserName"] for user in own.iam.list_users()["Users"]] == ["bob"]
    code, out, error = own.apply(account(), "--prune")
    assert out.endswith("0 made, 0 changed, 5 removed, 0 left\n"), out + error


@pytest.mark.parametrize(
    "text, error",
    [
        ("accounts:\n  '1':\n    users: {}\n", "accounts.yaml:2:3: an account is twelve digits"),
        (f"accounts:\n  '{ACCOUNT}':\n    users:\n      a b: {{}}\n", "accounts.yaml:4:7: The specified value for userName"),
        (f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{}}\n      ann: {{}}\n", 'accounts.yaml:5:7: "ann" appears twice'),
        (f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{}}\n      ANN: {{}}\n", 'accounts.yaml:5:7: the user "ANN" appears twice'),
        (f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{groups: [no]}}\n", "accounts.yaml:4:22: The group with name no"),
        (f"accounts:\n  '{ACCOUNT}':\n    user: {{}}\n", "accounts.yaml:3:5: unknown field `user`"),
        (f"accounts:\n  '{ACCOUNT}':\n    roles:\n      r: {{}}\n", "accounts.yaml:4:7: the role \"r\" needs a trust"),
        (
            f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann:\n        inline-policies:\n          p: {{Statement: [{{Effect: Maybe}}]}}\n",
            "accounts.yaml:6:14: ",
        ),
        (
            f"accounts:\n  '{ACCOUNT}':\n    users: {{ann: {{}}}}\n    roles:\n      r:\n        trust: {json.dumps(trust(f'arn:aws:iam::{ACCOUNT}:user/no'))}\n",
            "accounts.yaml:6:16: Invalid principal in policy",
        ),
        ("a: &a [*a]\n", "accounts.yaml:1:8: an alias inside the value that it names"),
        ("[" * 5000, "accounts.yaml:1:256: recursion limit exceeded"),
        (
            f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{access-keys: [{{id: AKIAIOSFODNN7EXAMPLE, secret: aaaaaaaaaaaaaaaa}}]}}\n",
            "accounts.yaml:4:32: an access key id of this account carries its number, such as AKIA",
        ),
    ],
)
def test_an_error_has_its_place_and_changes_nothing(own, text, error):
    code, out, errors = own.apply(text)
    assert code == 1 and out == ""
    assert error in errors and errors.count("\n") == 1
    assert own.iam.list_users()["Users"] == []


def test_secrets_are_in_no_error(own):
    text = f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{password: {{secret: [hunter2]}}}}\n"
    assert own.apply(text)[2].endswith("accounts.yaml:4:32: expected a string, found a list\n")
    text = f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{password: {{secret: hunter2}}}}\n"
    code, _, error = own.apply(text)
    assert code == 1 and "PasswordPolicyViolation" in error and "hunter2" not in error


def test_hostile_files_get_one_clear_error(own):
    steps = [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "more than 2000000 values" in own.apply("a0: &a0 x\n" + "\n".join(steps))[2]
    with open(own.folder / "large.json", "wb") as large:
        large.truncate(100 << 20)
    code, _, error = run("apply", "large.json", "--listen", f"127.0.0.1:{own.port}", cwd=own.folder)
    assert (code, error) == (1, "iamd: large.json is larger than 32 MiB\n")
    assert "16777216" in own.apply("#" * (20 << 20))[2], "more than the server takes"


def test_only_regular_files_are_read(own):
    os.mkfifo(own.folder / "pipe.json")
    for path in ("pipe.json", "/dev/zero", "/dev/null"):
        code, _, error = run("apply", path, "--listen", f"127.0.0.1:{own.port}", cwd=own.folder)
        assert (code, error) == (1, f"iamd: {path} is not a regular file\n")


def test_the_file_of_secrets_is_a_regular_one(own):
    os.mkfifo(own.folder / "pipe")
    for path in ("pipe", "/dev/full", "/dev/zero"):
        code, _, error = own.apply(account(users={"ann": {"access-keys": [{"secret": "generated"}]}}), "--secrets", path)
        assert (code, error) == (1, f"iamd: the file of secrets {path} is not a regular file\n")
    assert own.iam.list_users()["Users"] == []


@pytest.mark.parametrize(
    "tag", ["!!python/object:os.system", "!Ref", "!<tag:example.com,2000:x>", "!!set", "!!int"]
)
def test_tags_of_other_programs_are_refused(own, tag):
    code, _, error = own.apply(f"accounts:\n  '{ACCOUNT}':\n    users: {{ann: {{path: {tag} /x/}}}}\n")
    assert code == 1 and "accounts.yaml:3:" in error and "the tag " in error, error
    assert own.iam.list_users()["Users"] == []


def test_roles_may_trust_each_other_across_accounts(own):
    other = "444455556666"
    accounts = {
        "accounts": {
            number: {"roles": {"r": {"trust": trust(f"arn:aws:iam::{to}:role/r")}}}
            for number, to in ((ACCOUNT, other), (other, ACCOUNT))
        }
    }
    code, out, error = own.apply(accounts, name="accounts.json")
    assert (code, error) == (0, "") and "2 made" in out
    shown = own.iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{other}:role/r"}
    assert own.apply(accounts, name="accounts.json")[1] == "0 made, 0 changed, 0 removed, 2 left\n"


def test_accounts_of_one_file_change_together_or_not_at_all(own):
    first, second, third = "222222222222", "333333333333", "444444444444"
    Boto3(own.endpoint, third).iam.create_account_alias(AccountAlias="taken")
    for aliases, error in ((("fresh", "taken"), "taken already exists"), (("same", "same"), "same already exists")):
        described = {
            number: {"alias": alias, "users": {"ann": {}}} for number, alias in zip((first, second), aliases)
        }
        code, out, errors = own.apply({"accounts": {**described, ACCOUNT: {"users": {"bob": {}}}}})
        assert (code, out) == (1, "") and error in errors, errors
        for number in (first, second, ACCOUNT):
            iam = Boto3(own.endpoint, number).iam
            assert iam.list_users()["Users"] == [] and iam.list_account_aliases()["AccountAliases"] == []
    Boto3(own.endpoint, first).iam.create_user(UserName="carol")
    assert own.apply({"accounts": {first: {"alias": "fresh"}, second: {"alias": "other"}}})[0] == 0
    assert Boto3(own.endpoint, second).iam.list_account_aliases()["AccountAliases"] == ["other"]


def test_credentials_are_given_or_made(own):
    key = own.iam.create_user(UserName="tmp") and own.iam.create_access_key(UserName="tmp")["AccessKey"]["AccessKeyId"]
    own.iam.delete_access_key(UserName="tmp", AccessKeyId=key)
    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    user = {
        "access-keys": [{"id": key, "secret": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}],
        "mfa-devices": {"phone": {"seed": seed}},
        "password": {"secret": "Correct-horse-1"},
    }
    assert own.apply(account(users={"ann": user}))[0] == 0
    assert own.apply(account(users={"ann": user}))[1] == "0 made, 0 changed, 0 removed, 1 left\n"
    ann = Boto3(own.endpoint, ACCOUNT).using(
        {"AccessKeyId": key, "SecretAccessKey": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}
    )
    assert ann.sts.get_caller_identity()["Arn"].endswith("user/ann")
    devices = own.iam.list_mfa_devices(UserName="ann")["MFADevices"]
    assert [device["SerialNumber"] for device in devices] == [f"arn:aws:iam::{ACCOUNT}:mfa/phone"]
    assert not (own.folder / "iamd-secrets.json").exists()


def test_a_seed_is_applied_at_every_start(tmp_path):
    shutil.copy(EXAMPLE, tmp_path)
    (tmp_path / "iamd.toml").write_text('database = "sqlite:iamd.db"\n[[seed]]\nfile = "accounts.yaml"\nprune = true\n')
    for expected in ("made=7 changed=1 removed=0 left=0", "made=0 changed=0 removed=0 left=8"):
        with Server("--config", "iamd.toml", database="sqlite:iamd.db", cwd=tmp_path, level="info") as server:
            assert [user["UserName"] for user in Boto3(server.endpoint, ACCOUNT).iam.list_users()["Users"]] == ["ann", "bob"]
            log = "\n".join(server.log_lines())
            assert expected in log, log
    assert stat.S_IMODE((tmp_path / "iamd-secrets.json").stat().st_mode) == 0o600


def test_a_server_does_not_start_with_a_bad_seed(tmp_path):
    (tmp_path / "bad.yaml").write_text(f"accounts:\n  '{ACCOUNT}':\n    users:\n      ann: {{pat: /}}\n")
    with pytest.raises(RuntimeError, match="bad.yaml:4:13: unknown field `pat`"):
        Server("--seed", "bad.yaml", cwd=tmp_path)
    (tmp_path / "bad.yaml").write_text(f"accounts: {{'{ACCOUNT}': {{users: {{ann: {{access-keys: [{{secret: generated}}]}}}}}}}}\n")
    with pytest.raises(RuntimeError, match="say with --seed-secrets which file they go to"):
        Server("--seed", "bad.yaml", cwd=tmp_path)
    (tmp_path / "seed").mkdir()
    (tmp_path / "bad.yaml").rename(tmp_path / "seed" / "good.yaml")
    with Server("--seed", "seed", "--seed-secrets", "s.json", cwd=tmp_path) as server:
        with pytest.raises(ClientError, match="NoSuchEntity"):
            Boto3(server.endpoint, ACCOUNT).iam.get_login_profile(UserName="ann")


def test_the_schema_is_printed():
    code, out, _ = run("apply", "--schema")
    assert code == 0 and json.loads(out)["title"] == "Accounts of iamd"
