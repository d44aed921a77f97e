#!/usr/bin/env python3
"""prowler's checks of IAM, unchanged, on an account whose findings are known. Its installation takes minutes and more than a
gigabyte, so it is no part of tests/run.py:

    python3 -m venv target/venv-prowler && target/venv-prowler/bin/pip install prowler==5.46.0
    python3 tests/prowler.py [--iamd target/debug/iamd]
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROWLER = ROOT / "target" / "venv-prowler" / "bin"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

# A weak account first, then what mends some of it.
SETUP = """
import boto3, json
iam = boto3.client("iam")
iam.create_user(UserName="ann")
iam.create_access_key(UserName="ann")
iam.create_login_profile(UserName="ann", Password="Correct-Horse-1")
iam.attach_user_policy(UserName="ann", PolicyArn="{administrator}")
trust = [{{"Effect": "Allow", "Principal": {{"Service": "ec2.amazonaws.com"}}, "Action": "sts:AssumeRole"}}]
iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps({{"Version": "2012-10-17", "Statement": trust}}))
iam.update_account_password_policy(MinimumPasswordLength=14, RequireNumbers=True, PasswordReusePrevention=24)
"""

# Some checks, by what their sentences speak of: whether it passes.
EXPECTED = {
    ("iam_password_policy_minimum_length_14", "password policy"): "PASS",
    ("iam_password_policy_number", "password policy"): "PASS",
    ("iam_password_policy_reuse_24", "password policy"): "PASS",
    ("iam_password_policy_symbol", "password policy"): "FAIL",
    ("iam_aws_attached_policy_no_administrative_privileges", "AdministratorAccess"): "FAIL",
    ("iam_policy_attached_only_to_group_or_roles", "ann"): "FAIL",
    ("iam_role_cross_service_confused_deputy_prevention", "web"): "FAIL",
    ("iam_rotate_access_key_90_days", "ann"): "PASS",
    ("iam_user_administrator_access_policy", "ann"): "FAIL",
    ("iam_user_mfa_enabled_console_access", "ann"): "FAIL",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iamd", default=str(ROOT / "target" / "debug" / "iamd"))
    binary = parser.parse_args().iamd
    command = [binary, "--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn"]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            endpoint = server.stdout.readline().split()[-1]
            keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
            region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
            variables = {**os.environ, **keys, **region, "AWS_ENDPOINT_URL": endpoint, "HOME": folder}
            setup = SETUP.format(administrator=ADMINISTRATOR)
            subprocess.run([PROWLER / "python", "-c", setup], env=variables, check=True)
            report = ["-M", "csv", "--output-directory", folder, "--output-filename", "report"]
            flags = ["--service", "iam", "--no-banner", "--no-color", "--log-level", "ERROR", "--ignore-exit-code-3"]
            done = subprocess.run(
                [PROWLER / "prowler", "aws", *flags, *report], env=variables, capture_output=True, text=True
            )
        finally:
            server.terminate()
            server.wait()
        output = done.stdout + done.stderr
        failures = [line for line in output.splitlines() if "ERROR" in line or "went wrong" in line]
        with open(pathlib.Path(folder) / "report.csv", newline="") as file:
            found = [(row["CHECK_ID"], row["STATUS_EXTENDED"], row["STATUS"]) for row in csv.DictReader(file, delimiter=";")]
    for (check, word), expected in EXPECTED.items():
        statuses = {status for name, sentence, status in found if name == check and word in sentence}
        if statuses != {expected}:
            failures.append(f"{check} of {word}: {statuses or 'nothing'} instead of {expected}")
    print(json.dumps({"checks": len({name for name, _, _ in found}), "findings": len(found), "failures": failures}, indent=2))
    return 1 if failures or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
