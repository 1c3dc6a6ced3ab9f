import ast
from pathlib import Path

import pytest
from tools.quality.house import bare_suppressions, findings, long_functions


def told(text: str, name: str = "module.py") -> list[str]:
    return [message for _, message in findings(Path(name), text)]


@pytest.mark.parametrize(
    "host", ["files.python" + "hosted.org", "registry.npm" + "js.org", "deb." + "debian" + ".org/debian"]
)
def test_a_package_host_is_found_in_any_text(host: str) -> None:
    assert told(f"see https://{host}/x\n", "notes.md") == ["names a package host"]


@pytest.mark.parametrize("folder", ["work", "home", "Users"])
def test_a_path_of_one_machine_is_found(folder: str) -> None:
    assert told(f'open("/{folder}/somebody/file")\n') == ["names a path of one machine"]


@pytest.mark.parametrize("text", ["/api/v1/homework/x", "https://example.org/home/page", '"/home/$name"', "a/work/b"])
def test_addresses_and_relative_paths_are_no_machine_paths(text: str) -> None:
    assert told(text, "notes.md") == []


def test_a_file_past_the_limit_is_found_when_it_is_code() -> None:
    assert told("x = 1\n" * 401) == ["has 401 lines, more than 400"]
    assert told("x = 1\n" * 400) == []
    assert told("text\n" * 401, "notes.md") == []


@pytest.mark.parametrize("caught", ["", " Exception", " BaseException", " (ValueError, Exception)"])
@pytest.mark.parametrize("body", ["pass", "...", "continue"])
def test_a_handler_that_swallows_everything_is_found(caught: str, body: str) -> None:
    code = f"for x in y:\n    try:\n        x()\n    except{caught}:\n        {body}\n"
    assert told(code) == ["swallows every error"]


def test_a_handler_that_names_its_error_or_acts_is_fine() -> None:
    assert told("try:\n    x()\nexcept ValueError:\n    pass\n") == []
    assert told("try:\n    x()\nexcept Exception:\n    undo()\n    raise\n") == []


def test_a_body_that_is_not_written_is_found() -> None:
    assert told("def f():\n    raise Not" + "ImplementedError\n") == ["is not written yet"]


@pytest.mark.parametrize(
    "comment", ["# no" + "qa: S101", "# no" + "qa: PLR2004, S101", "# ty" + "pe: ignore[override]"]
)
def test_a_suppression_needs_a_reason_beside_it_or_above(comment: str) -> None:
    assert list(bare_suppressions(f"x = 1  {comment}\n"))
    assert not list(bare_suppressions(f"x = 1  {comment} - a reason\n"))
    assert not list(bare_suppressions(f"x = 1  {comment}  # a reason\n"))
    assert not list(bare_suppressions(f"# a reason\nx = 1  {comment}\ny = 2  {comment}\n"))
    assert list(bare_suppressions(f"# about z\nz = 0\nx = 1  {comment}\n"))


def test_a_long_function_is_listed() -> None:
    tree = ast.parse("def f():\n" + "    x = 1\n" * 40)
    assert [message for _, message in long_functions(tree)] == ["f has 41 lines"]
