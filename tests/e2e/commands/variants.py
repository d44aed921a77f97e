"""Documents with one thing changed at a time, to compare a schema with the reader of such documents."""

import copy


def places(value, path=()):
    """The paths of all values in a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


def at(value, path):
    for name in path:
        value = value[name]
    return value


def variants(example):
    """The example with one thing changed: a member that is unknown, missing or of a wrong type; its path comes with it."""
    for path in [(), *places(example)]:
        if isinstance(at(example, path), dict):
            changed = copy.deepcopy(example)
            at(changed, path)["nonsense"] = [True]
            yield "unknown", path, changed
    for path in places(example):
        if isinstance(path[-1], str):
            changed = copy.deepcopy(example)
            del at(changed, path[:-1])[path[-1]]
            yield "missing", path, changed
        changed = copy.deepcopy(example)
        at(changed, path[:-1])[path[-1]] = [[True]]
        yield "type", path, changed
