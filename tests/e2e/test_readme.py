"""README and pages say what is true."""

import pathlib
import re

from server import run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()


def test_the_settings_page_has_every_setting_and_no_other():
    _, help_text, _ = run("--help")
    flags = set(re.findall(r"^ +(?:-\w, )?--([\w-]+)", help_text, re.MULTILINE)) - {"help", "version"}
    page = (ROOT / "docs" / "settings.md").read_text()
    assert set(re.findall(r"^\| `--([\w-]+)", page, re.MULTILINE)) == flags
    assert set(re.findall(r"IAMD_\w+", page)) - {"IAMD_"} == set(re.findall(r"IAMD_\w+", help_text))


def test_every_file_that_it_points_to_is_there():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"
