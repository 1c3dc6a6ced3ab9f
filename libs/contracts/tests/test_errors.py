from html.parser import HTMLParser

import pytest

from common.errors import DOCS_PATH, NotFound, problem
from contracts.errors import CODES, FAMILIES, ErrorCode, Family, page
from contracts.errors.html import render

VOID = {"meta"}


class Page(HTMLParser):
    """Ids, links and text of a page; ``unclosed`` is empty when its elements are nested properly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.targets += [value for value in (given.get("href"), given.get("src")) if value]
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.unclosed and self.unclosed[-1] == tag:
            self.unclosed.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_type_of_a_problem_leads_to_its_code_on_the_page() -> None:
    described = problem(NotFound(), instance="/x", request_id="r")
    place, _, anchor = described.type.partition("#")
    assert place == DOCS_PATH
    assert anchor in Page(page()).ids


def test_every_code_has_one_anchor() -> None:
    ids = Page(page()).ids
    assert len(ids) == len(set(ids))
    assert set(CODES) <= set(ids)


def test_every_meaning_and_advice_is_on_the_page() -> None:
    text = Page(page()).text
    assert all(row.meaning in text and row.next_steps in text and row.title in text for row in CODES.values())


def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere() -> None:
    read = Page(page())
    assert read.unclosed == []
    assert all(target.startswith("#") and target[1:] in read.ids for target in read.targets)
    assert "url(" not in page()
    assert "@import" not in page()


def test_the_page_suits_phones_and_dark_rooms() -> None:
    assert 'name="viewport" content="width=device-width' in page()
    assert "prefers-color-scheme: dark" in page()


def test_texts_are_escaped() -> None:
    evil = '<script>"&'
    row = ErrorCode(400, evil, evil, evil)
    read = Page(render({"x": Family(evil, evil, {evil: row})}))
    assert "script" not in read.tags
    assert read.ids == ["family-x", evil]
    assert read.text.count(evil) == 7


@pytest.mark.parametrize("key", FAMILIES)
def test_codes_stand_in_the_family_of_their_first_word(key: str) -> None:
    assert {code.partition(".")[0] for code in FAMILIES[key].codes} == {key}


@pytest.mark.parametrize("code", CODES)
def test_advice_is_a_sentence_or_a_few(code: str) -> None:
    row = CODES[code]
    assert row.meaning.endswith(".")
    assert row.next_steps.endswith(".")
    assert "|" not in row.meaning + row.next_steps + row.title  # it would end a cell of docs/errors.md
