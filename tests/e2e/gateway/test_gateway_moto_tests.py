"""A few of moto's own tests through the gateway, where the package index can be reached: they have the same results as
without it. tests/moto_tests.py runs all of them."""

import pathlib
import subprocess
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
import moto_tests  # noqa: E402

FILES = [
    "dynamodb/test_dynamodb_query.py",
    "kms/test_kms_encrypt.py",
    "s3/test_s3_copyobject.py",
    "secretsmanager/test_policy.py",
    "sqs/test_sqs_message_attributes.py",
]


@pytest.fixture(scope="module")
def tests():
    try:
        return moto_tests.fetch()
    except (OSError, subprocess.SubprocessError):
        pytest.skip("moto's tests cannot be downloaded")


def test_moto(tests, in_memory):
    passed, lines = moto_tests.compare(FILES)
    assert not lines, "\n".join(lines)
    assert passed > 20
