#!/usr/bin/env python3
"""Compares AWS's newest service models with the pinned facts beside this file, in both directions.

    python3 tests/drift.py               downloads the newest botocore into a temporary folder
    python3 tests/drift.py --data DIR    compares with the data folder of a botocore that is there already

Operations, parameters with their constraints, errors, results, metadata, new services, and names of actions and condition
keys in the documentation. What is known to differ is in drift.toml, with a reason each. It fails on every other difference,
and on lines of drift.toml that apply no more.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PINNED = HERE / "model"
KNOWN = HERE / "drift.toml"
SERVICES = ("iam", "sts")
# Services next to these, of which only the model is watched.
WATCHED = ("iam-toolbox", "signin")
CONSTRAINTS = ("type", "min", "max", "pattern", "enum", "required", "sensitive")
NEIGHBOURS = re.compile(r"(iam|sso|account|signin).*|sts|.*authz|identitystore|rolesanywhere")
NAMES = re.compile(r"\b(?:iam|sts|aws|signin):[A-Z][A-Za-z/]+")


def newest(folder):
    """The data folder of the newest botocore."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--target", folder, "botocore"], check=True)
    return pathlib.Path(folder) / "botocore" / "data"


def read(path):
    packed = path.with_name(path.name + ".gz")
    return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes())


def service_folder(data, service):
    return max(folder for folder in (data / service).iterdir() if folder.is_dir())


def inputs(model, shape, facts, path):
    """Every parameter below a shape with its constraints."""
    of = model["shapes"][shape]
    facts[path] = {key: of[key] for key in CONSTRAINTS if key in of}
    for name, member in of.get("members", {}).items():
        inputs(model, member["shape"] if isinstance(member, dict) else member, facts, f"{path}.{name}")
    for part in ("member", "key", "value"):
        if part in of:
            inner = of[part]["shape"] if isinstance(of[part], dict) else of[part]
            inputs(model, inner, facts, f"{path}.{part}")


def outputs(model, shape, facts, path, above=()):
    """Every member of a result, nested as it is."""
    of = model["shapes"][shape]
    facts[path] = {key: of[key] for key in ("type", "required", "sensitive", "deprecated") if key in of}
    if shape in above:
        return
    for name, member in of.get("members", {}).items():
        outputs(model, member["shape"], facts, f"{path}.{name}", (*above, shape))
        if member.get("deprecated"):
            facts[f"{path}.{name}"]["deprecated"] = True
    for part in ("member", "key", "value"):
        if part in of:
            outputs(model, of[part]["shape"], facts, f"{path}.{part}", (*above, shape))


def facts_of_model(data, service):
    """What is compared, a line each: a path and what the model says there."""
    folder = service_folder(data, service)
    model = read(folder / "service-2.json")
    shapes = model["shapes"]
    facts = {f"metadata.{key}": value for key, value in model["metadata"].items()}
    for name, operation in model["operations"].items():
        facts[name] = "operation"
        if "input" in operation:
            inputs(model, operation["input"]["shape"], facts, f"{name}.input")
        if "output" in operation:
            outputs(model, operation["output"]["shape"], facts, f"{name}.output")
        for error in operation.get("errors", []):
            of = shapes[error["shape"]].get("error", {})
            facts[f"{name}.errors.{of.get('code', error['shape'])}"] = "error"
    for name, shape in shapes.items():
        if shape.get("exception"):
            facts[f"exceptions.{name}"] = shape.get("error", {})
    paginators = folder / "paginators-1.json"
    has_pages = paginators.exists() or paginators.with_name("paginators-1.json.gz").exists()
    pages = read(paginators)["pagination"] if has_pages else {}
    facts |= {f"paginators.{name}": page for name, page in pages.items()}
    rules = json.dumps(read(folder / "endpoint-rule-set-1.json"), sort_keys=True)
    facts["endpoint-rules"] = hashlib.sha256(rules.encode()).hexdigest()
    for name in sorted(set(NAMES.findall(json.dumps(model)))):
        facts[f"named.{name}"] = "name"
    return facts


def snapshot(data):
    """All facts, in the form that they are pinned in."""
    found = {service: facts_of_model(data, service) for service in (*SERVICES, *WATCHED) if (data / service).exists()}
    services = [folder.name for folder in data.iterdir() if folder.is_dir() and NEIGHBOURS.fullmatch(folder.name)]
    found["services"] = dict.fromkeys(sorted(services), "service")
    return found


def pinned_model(service):
    """The parameters and errors that the crate's own test holds every operation against."""
    model = json.loads((PINNED / f"{service}.json").read_text())
    facts = {}
    for name, operation in model["operations"].items():
        facts[name] = "operation"
        if operation["input"]:
            inputs(model, operation["input"], facts, f"{name}.input")
        facts |= {f"{name}.errors.{code}": "error" for code in operation["errors"]}
    return facts


def differences(old, new, where):
    for path in sorted(old.keys() | new.keys()):
        if path not in new:
            yield f"{where}: {path} is gone"
        elif path not in old:
            yield f"{where}: {path} is new: {json.dumps(new[path], sort_keys=True)}"
        elif old[path] != new[path]:
            before, after = (json.dumps(value, sort_keys=True) for value in (old[path], new[path]))
            yield f"{where}: {path} was {before}, is {after}"


def is_of_tested(path):
    """Whether the crate's own test looks at it."""
    operation, _, rest = path.partition(".")
    return operation[0].isupper() and (not rest or rest.startswith(("input", "errors")))


def found_differences(data):
    new = snapshot(data)
    old = json.loads((PINNED / "snapshot.json").read_text())
    for where in (*SERVICES, *WATCHED, "services"):
        yield from differences(old.get(where, {}), new.get(where, {}), where)
    # The two pinned forms must tell the same.
    for service in SERVICES:
        tested = {path: value for path, value in old[service].items() if is_of_tested(path)}
        yield from differences(pinned_model(service), tested, f"{service}.json against snapshot.json")


def known():
    """The lines of drift.toml: `"difference" = "reason"`."""
    lines = [line.strip() for line in KNOWN.read_text().splitlines()]
    entries = (line.partition(" = ") for line in lines if line and not line.startswith("#"))
    parsed = {json.loads(difference): json.loads(reason) for difference, _, reason in entries}
    assert all(parsed.values()), "every known difference has a reason"
    return parsed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="the data folder of a botocore")
    parser.add_argument("--write", action="store_true", help="pin the facts instead of comparing them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or newest(folder)
        if arguments.write:
            text = json.dumps(snapshot(data), indent=0, sort_keys=True, separators=(",", ":"))
            (PINNED / "snapshot.json").write_text(text + "\n")
            return 0
        found, expected = set(found_differences(data)), known()
    unknown, stale = sorted(found - expected.keys()), sorted(expected.keys() - found)
    for difference in unknown:
        print(difference)
    for difference in stale:
        print(f"drift.toml lists a difference that no longer exists: {difference}")
    print(f"{len(unknown)} differences, {len(stale)} stale lines, {len(found) - len(unknown)} known")
    return 1 if unknown or stale else 0


if __name__ == "__main__":
    sys.exit(main())
