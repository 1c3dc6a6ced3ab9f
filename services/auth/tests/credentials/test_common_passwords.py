import pytest

from auth.credentials.common_passwords import FINGERPRINT_BYTES, _entries, is_common

PERSON = {"email": "Ana.Smith@example.org", "display_name": "Ana Smith"}


def test_the_list_holds_what_the_documentation_says() -> None:
    packed = _entries()
    entries = [packed[at : at + FINGERPRINT_BYTES] for at in range(0, len(packed), FINGERPRINT_BYTES)]
    assert len(entries) > 39_000
    assert entries == sorted(set(entries))


@pytest.mark.parametrize(
    "password",
    [
        "1234567890123",
        "1q2w3e4r5t6y",
        "password1234",
        "Password1234!",
        "2024password",
        "iloveyouiloveyou",
        "letmein-letmein",
        "dragon dragon 1",
        "!!!Monkey2024!!!",
        "P@$$w0rd!2024",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234",
    ],
)
def test_entries_repeated_decorated_or_in_leetspeak_are_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop12",
        "qwertyuiopasdf",
        "0987654321qwert",
        "abcdefghijkl",
        "aaaaaaaaaaaa",
        "121212121212",
        "x7Kqx7Kqx7Kq",
    ],
)
def test_sequences_and_short_things_repeated_are_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    ["ana.smith.1985", "AnaSmith2026!", "smithsmithsmith", "RunningTrainer1", "ana.smith@example.org", "example12345"],
)
def test_what_is_made_of_the_persons_own_names_is_common_for_them(password: str) -> None:
    assert is_common(password, **PERSON)


@pytest.mark.parametrize("password", ["ana.smith.1985", "smith and vesper"])
def test_names_of_others_are_not_held_against_a_password(password: str) -> None:
    assert not is_common(password, email="bo@example.com", display_name="Bo")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "a long enough password",
        "gN4-tRw8-kkQz",
        "Tuesday-mango-47",
        "Ana likes running far",
        "ÅngströmÜberfähre",
        "\U0001f3c3\u200d\u2640\ufe0f every morning",
    ],
)
def test_a_good_password_is_not_common(password: str) -> None:
    assert not is_common(password, **PERSON)
