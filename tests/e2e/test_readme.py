"""README and pages say what is true."""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess

import pytest
from server import BINARY, Server, environment, run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def section(title):
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def block(text, language):
    return re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]


def session(text):
    """The commands of a session, each with what it prints."""
    steps = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def play(steps, folder, **variables):
    """Runs the steps in one shell; what each prints, without blank lines."""
    # The functions of a step last for the next, and so do its variables.
    script = "".join(f"{command}\necho '=== {number} ==='\n" for number, (command, _) in enumerate(steps))
    path = f"{pathlib.Path(BINARY).resolve().parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        cwd=folder,
        env=environment(PATH=path, **variables),
    )
    parts = re.split(r"^=== \d+ ===$", done.stdout.replace("}===", "}\n==="), flags=re.MULTILINE)
    return [[line for line in part.splitlines() if line] for part in parts[:-1]]


@pytest.fixture(scope="module")
def server():
    # The link of a denial has the address of the server itself.
    with Server(alone=True) as running:
        yield running


@pytest.fixture
def variables(server):
    """What the banner exports."""
    return {
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "IAMD_LISTEN": f"127.0.0.1:{server.port}",
    }  # fmt: skip


SHOWN_ID = "9fwl8rk7s35sljltb3mkkdi7f"


def with_shown_id(line, server):
    """A line with the id and the address that the page shows."""
    line = line.replace(server.endpoint, "http://127.0.0.1:4593")
    return re.sub(r"(authorization-details/|authorization id: )[0-9a-z]+", rf"\g<1>{SHOWN_ID}", line)


def first_session(server, variables):
    steps = session(block(section("First session"), "console"))
    assert len(steps) > 5
    # The reader copies the id from the denial, which is the last one.
    last = "$(iamd why --json | sed -n 's/^  \"id\": \"\\(.*\\)\",$/\\1/p')"
    copied = [(command.replace(SHOWN_ID, last), expected) for command, expected in steps]
    for (command, expected), printed in zip(steps, play(copied, ROOT, **variables), strict=True):
        assert [with_shown_id(line, server) for line in printed] == expected, command


def python_client(server, _):
    code = block(section("In tests"), "python").replace("http://127.0.0.1:4593", server.endpoint)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().strip() == re.search(r"# (arn:.*)$", code, re.MULTILINE)[1]


def policies(_, variables):
    steps = session(block(section("Policies without a server"), "console"))
    for (command, expected), printed in zip(steps, play(steps, ROOT, **variables), strict=True):
        shown = expected[: expected.index("...")] if "..." in expected else expected
        assert printed[: len(shown)] == shown, command
        assert len(printed) == len(shown) or "..." in expected, command


@pytest.mark.parametrize("order", [1, -1])
def test_the_snippets_run_in_any_order_and_twice(server, variables, order):
    for snippet in [first_session, python_client, policies][::order] * 2:
        snippet(server, variables)


KEPT = "Everything is kept in /home/alice/iamd.db (new)."
KEPT_IN_MEMORY = "Everything is kept in memory, and gone when the server stops."


def test_the_banner_is_the_one_that_is_shown(in_memory):
    with Server() as running:
        lines = [running.process.stdout.readline().rstrip() for _ in range(6)]
    shown = block(section("First session"), "").splitlines()[2:]
    port = f":{running.port}"
    assert KEPT in README
    assert "iamd 0.1.0 serves IAM and STS at http://127.0.0.1:4593" in README
    expected = [line.replace(KEPT, KEPT_IN_MEMORY).replace(":4593", port) for line in shown]
    assert lines == expected[:6]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 140


def test_the_settings_page_has_every_setting_and_no_other():
    _, help_text, _ = run("--help")
    flags = set(re.findall(r"^ +(?:-\w, )?--([\w-]+)", help_text, re.MULTILINE)) - {"help", "version"}
    page = (ROOT / "docs" / "settings.md").read_text()
    assert set(re.findall(r"^\| `--([\w-]+)", page, re.MULTILINE)) == flags
    assert set(re.findall(r"IAMD_\w+", page)) - {"IAMD_"} == set(re.findall(r"IAMD_\w+", help_text))


def test_every_file_that_a_page_points_to_is_there():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text()
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} == set(re.findall(r"\]\((\w+\.md)\)", index))


def test_the_curl_of_the_policies_page_answers_what_it_says(server, variables):
    page = (ROOT / "docs" / "policies.md").read_text()
    command, answer = re.search(r"^\$ (curl .*?)\n(\{\"decision.*?)$", page, re.MULTILINE | re.DOTALL).groups()
    [printed] = play([(command, [])], ROOT, **variables)
    assert json.loads("".join(printed)) == json.loads(answer)


def test_the_fields_of_requests_and_tests_are_described():
    page = (ROOT / "docs" / "policies.md").read_text()
    for kind in ("request", "tests"):
        schema = json.loads(run("policy", "schema", kind)[1])
        fields = schema["properties"] if kind == "request" else schema["properties"]["cases"]["items"]["properties"]
        assert [field for field in fields if f"`{field}`" not in page] == []
