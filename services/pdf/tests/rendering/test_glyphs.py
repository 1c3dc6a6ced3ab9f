from pdf.rendering.glyphs import REPLACEMENT, installed, replacements


def latin(character: str) -> bool:
    return ord(character) < 0x250


def test_pictures_that_no_font_has_are_left_out_and_letters_are_marked() -> None:
    text = "\U0001f3c3\U0001f3fd\u200d\u2640\ufe0f Løp 间"
    assert text.translate(str.maketrans(replacements(set(text), latin))) == f" Løp {REPLACEMENT}"


def test_what_steers_the_layout_stays_and_control_characters_go() -> None:
    text = "a\u200fb\nc\td\x07e\u2009f"
    assert text.translate(str.maketrans(replacements(set(text), latin))) == "a\u200fb\nc\td e f"


def test_what_a_font_has_stays() -> None:
    assert replacements(set("\U0001f3c3间"), lambda _: True) == {}


def test_the_fonts_of_this_machine_are_asked() -> None:
    covers = installed()
    assert all(map(covers, "Aé\u2013\u00d7\u00b7"))
    assert not covers("\U000e0fff")
