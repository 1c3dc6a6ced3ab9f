from pathlib import Path

import pytest
from tools.quality.docs_check import broken_links, differences, documented

MODELS = """
# Data

## strava

Kept by the activity service.

### activities

| column | type |
| --- | --- |
| `id` | uuid |
| start_time | timestamptz |

```mermaid
erDiagram
### not_a_table
```

### `splits`

| column | type |
| --- | --- |
| id | uuid |
"""
REAL = {"strava": {"activities": ["id", "start_time"], "splits": ["id"]}}


def test_tables_and_columns_are_read_from_the_document() -> None:
    assert documented(MODELS) == REAL


def test_a_document_that_equals_the_models_passes() -> None:
    assert list(differences(documented(MODELS), REAL)) == []


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        ({"activities": ["id", "start_time", "name"], "splits": ["id"]}, "strava.activities differs in name"),
        ({"activities": ["id"], "splits": ["id"]}, "strava.activities differs in start_time"),
        ({"activities": ["id", "start_time"]}, "strava has no table splits"),
        ({**REAL["strava"], "laps": ["id"]}, "strava.laps is missing"),
    ],
)
def test_each_difference_is_named(tables: dict[str, list[str]], line: str) -> None:
    assert list(differences(documented(MODELS), {"strava": tables})) == [f"docs/models.md: {line}"]


def test_a_service_without_a_section_is_missing() -> None:
    assert list(differences({}, {"auth": {"users": ["id"]}})) == ["docs/models.md: auth.users is missing"]


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Two words, one `name`\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n[a](other.md) [b](other.md#two-words-one-name) [c](#page) [d](https://example.org) ![e](no.png)\n"
        "[f](other.md#elsewhere) [g](#nowhere)\n```\n[h](in-code.md)\n```\n"
    )
    assert list(broken_links(page, tmp_path)) == [
        "page.md: no.png leads nowhere",
        "page.md: other.md#elsewhere names no heading",
        "page.md: #nowhere names no heading",
    ]
