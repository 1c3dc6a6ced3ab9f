"""What the machine's fonts can show.

A letter that no font has would be an empty box, and spoils the text of a PDF for readers other than people. Pictures
between the words are left out instead, and letters get the sign for a letter that is missing.
"""

import ctypes
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

REPLACEMENT = "\ufffd"
_PICTURES = {"So", "Sk", "Co", "Cn", "Cs"}
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3", *(chr(code) for code in range(0xE0020, 0xE0080))}
_LAYOUT = {"\n", "\t"}
_NAME = b"charset"

Covers = Callable[[str], bool]


def replacements(characters: Iterable[str], covers: Covers) -> dict[str, str | int | None]:
    """Return what to write in place of the characters that cannot be shown, as ``str.maketrans`` takes it."""
    found = {each: _instead(each, covers) for each in characters if not each.isascii() or not each.isprintable()}
    return {each: instead for each, instead in found.items() if each != instead}


def _instead(character: str, covers: Covers) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return character if character in _LAYOUT else " "
    if category in {"Cf", "Zl", "Zp"} and character not in _JOINERS:
        return character  # they steer the layout, fonts need not have them
    if covers(character):
        return character
    if category == "Zs":
        return " "
    if category in _PICTURES or category.startswith("M") or character in _JOINERS:
        return ""
    return REPLACEMENT


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int), ("room", ctypes.c_int), ("fonts", ctypes.POINTER(ctypes.c_void_p)))


@cache
def installed() -> Covers:
    """Return what tells whether some font of the machine has a character. Raises ``OSError`` without Fontconfig."""
    library = ctypes.CDLL("libfontconfig.so.1")
    pointer = ctypes.c_void_p
    for name in ("FcPatternCreate", "FcObjectSetCreate"):
        getattr(library, name).restype = pointer
    library.FcObjectSetAdd.argtypes = (pointer, ctypes.c_char_p)
    library.FcFontList.argtypes = (pointer, pointer, pointer)
    library.FcFontList.restype = ctypes.POINTER(_FontSet)
    library.FcPatternGetCharSet.argtypes = (pointer, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(pointer))
    library.FcCharSetHasChar.argtypes = (pointer, ctypes.c_uint32)
    wanted = library.FcObjectSetCreate()
    library.FcObjectSetAdd(wanted, _NAME)
    fonts = library.FcFontList(None, library.FcPatternCreate(), wanted).contents
    sets = []
    for index in range(fonts.count):
        found = pointer()
        if library.FcPatternGetCharSet(fonts.fonts[index], _NAME, 0, ctypes.byref(found)) == 0:
            sets.append(found)
    return cache(lambda character: any(library.FcCharSetHasChar(each, ord(character)) for each in sets))
