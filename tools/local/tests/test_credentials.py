import base64
import stat
from pathlib import Path

import pytest

from local.credentials import load_or_create
from local.topology import SettingError


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first = load_or_create(tmp_path / "secrets.env", ["auth"])
    assert load_or_create(tmp_path / "secrets.env", ["auth"]) == first


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    load_or_create(path, ["auth"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    load_or_create(path, ["auth"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_service_gets_secrets_and_the_others_keep_theirs(tmp_path: Path) -> None:
    before = load_or_create(tmp_path / "secrets.env", ["auth"])
    after = load_or_create(tmp_path / "secrets.env", ["auth", "strava"])
    assert after.database("auth") == before.database("auth")
    assert after.encryption_keys == before.encryption_keys
    assert len({after.client("auth"), after.client("strava"), after.database("strava"), after.postgres}) == 4


def test_encryption_key_is_32_bytes_with_an_id(tmp_path: Path) -> None:
    identifier, _, key = load_or_create(tmp_path / "secrets.env", []).encryption_keys.partition(":")
    assert identifier == "k1"
    assert len(base64.b64decode(key)) == 32


@pytest.mark.parametrize("value", ["changeme", "password", "short"])
def test_an_example_value_is_refused_by_name(tmp_path: Path, value: str) -> None:
    path = tmp_path / "secrets.env"
    path.write_text(f"REDIS_PASSWORD={value}\n")
    with pytest.raises(SettingError, match="REDIS_PASSWORD"):
        load_or_create(path, [])
