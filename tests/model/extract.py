#!/usr/bin/env python3
"""Takes the facts that tests/model.rs compares with out of botocore's service models.

    pip install botocore && python3 tests/model/extract.py

Writes iam.json and sts.json beside this file: for every operation its parameters and declared errors, and every shape
that a parameter leads to with its constraints. No documentation is taken over.
"""

import json
import pathlib

import botocore
import botocore.loaders

KEPT = ("type", "min", "max", "pattern", "enum", "sensitive", "required")


def extract(service):
    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    shapes = model["shapes"]
    reached = {}

    def reach(name):
        if name in reached:
            return name
        shape = shapes[name]
        kept = reached[name] = {key: shape[key] for key in KEPT if key in shape}
        if shape["type"] == "structure":
            kept["members"] = {member: reach(of["shape"]) for member, of in shape["members"].items()}
        for part in ("member", "key", "value"):
            if part in shape:
                kept[part] = reach(shape[part]["shape"])
        return name

    def code(name):
        return shapes[name].get("error", {}).get("code", name)

    operations = {
        name: {
            "input": reach(operation["input"]["shape"]) if "input" in operation else None,
            "errors": sorted(code(error["shape"]) for error in operation.get("errors", [])),
        }
        for name, operation in sorted(model["operations"].items())
    }
    return {"botocore": botocore.__version__, "operations": operations, "shapes": dict(sorted(reached.items()))}


def main():
    for service in ("iam", "sts"):
        facts = extract(service)
        lines = [f'"botocore": {json.dumps(facts["botocore"])}']
        for part in ("operations", "shapes"):
            members = ",\n".join(f"  {json.dumps(name)}: {json.dumps(of)}" for name, of in facts[part].items())
            lines.append(f'"{part}": {{\n{members}\n}}')
        text = "{" + ",\n".join(lines) + "}\n"
        assert json.loads(text) == facts
        pathlib.Path(__file__).with_name(f"{service}.json").write_text(text)


if __name__ == "__main__":
    main()
