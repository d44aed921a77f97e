#!/usr/bin/env python3
"""Makes managed-policies.tsv and managed-policies.json.gz from the table of AWS-managed policies in moto.

Usage:  pip download --no-deps moto && unzip -d site moto-*.whl
        python3 data/managed_policies.py site
"""

import ast
import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[1] / "crates/aws-reference/data"))
import archive  # noqa: E402

MEMBERS = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]


def table(site):
    """The one literal in moto's module: policies by name."""
    module = ast.parse((pathlib.Path(site) / "moto/iam/aws_managed_policies.py").read_text())
    return json.loads(next(node.value.value for node in module.body if isinstance(node, ast.Assign)))


def statement(members):
    """A statement in AWS's order of members; moto has them sorted by name."""
    return {name: members[name] for name in MEMBERS if name in members} | members


def document(source):
    """The document as AWS formats its own: four spaces, `Version` first."""
    statements = source["Statement"]
    one = isinstance(statements, dict)
    ordered = {"Version": source["Version"]} | {name: value for name, value in source.items() if name != "Statement"}
    ordered["Statement"] = statement(statements) if one else [statement(members) for members in statements]
    return json.dumps(ordered, indent=4, ensure_ascii=False)


def timestamp(text):
    return text.replace("+00:00", "Z")


entries = [
    (
        [name, policy.get("Path", "/"), policy["DefaultVersionId"],
         timestamp(policy["CreateDate"]), timestamp(policy["UpdateDate"])],
        document(policy["Document"]),
    )
    for name, policy in table(sys.argv[1]).items()
]
HERE = pathlib.Path(__file__).parent
archive.write(HERE, "managed-policies", ["name", "path", "version", "created", "updated"], entries)
