import pytest

from auth.sessions.devices import device_name


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0 Safari/537.36 Edg/139.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1 Version/18.5 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl 8.5.0"),
        ("python-httpx2/2.7.0 (something)", "python-httpx2 2.7.0"),
        ("", "Unknown device"),
        ("\x07\x08", "Unknown device"),
        ("x" * 400, "x" * 60),
    ],
)
def test_devices_are_named_as_their_people_would(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name
