import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from tools.deploy.make_secrets import Folder, make, read_given

KNOWN = {"auth": True, "gateway": False, "pdf": True, "strava": True, "thumbnails": True}
Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    def run(known: Mapping[str, bool] = KNOWN, **given: str) -> Path:
        make(Folder(tmp_path / "secrets"), known, given)
        return tmp_path / "secrets"

    return run


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_changes_nothing(made: Make) -> None:
    before = contents(made())
    assert contents(made()) == before


def test_one_folder_closes_the_others_off_and_containers_can_read_theirs(made: Make) -> None:
    folder = made()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o755}
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*/*")} == {0o644}


def test_what_belongs_together_fits_together(made: Make) -> None:
    texts = contents(made())
    roles = json.loads(texts["provision/database_passwords"])
    clients = json.loads(texts["auth/service_client_secrets"])
    assert roles.keys() == {name for name, has_database in KNOWN.items() if has_database}
    for name, has_database in KNOWN.items():
        assert clients[name] == texts[f"{name}/service_client_secret"]
        assert make_url(texts[f"{name}/redis_url"]).password == texts["valkey/redis_password"]
        if has_database:
            url = make_url(texts[f"{name}/database_url"])
            assert (url.username, url.password) == (name, roles[name])
    assert "gateway/database_url" not in texts
    assert make_url(texts["provision/database_admin_url"]).password == texts["postgres/postgres_password"]
    assert texts["valkey/valkey.conf"] == f"requirepass {texts['valkey/redis_password']}\n"
    assert len({texts[f"{name}/signing_secrets"] for name in ("auth", "pdf", "strava", "thumbnails")}) == 1


def test_no_two_secrets_are_the_same_and_keys_have_their_length(made: Make) -> None:
    texts = contents(made())
    clients = json.loads(texts["auth/service_client_secrets"]).values()
    roles = json.loads(texts["provision/database_passwords"]).values()
    single = [texts["valkey/redis_password"], texts["postgres/postgres_password"], texts["strava/strava_verify_token"]]
    everything = [*clients, *roles, *single, texts["strava/strava_webhook_secret"]]
    assert len(set(everything)) == len(everything)
    for owner in ("auth", "strava"):
        name, _, key = texts[f"{owner}/encryption_keys"].partition(":")
        assert (name, len(base64.b64decode(key))) == ("k1", 32)
    assert texts["auth/encryption_keys"] != texts["strava/encryption_keys"]


def test_a_new_service_gets_its_own_and_the_others_keep_theirs(made: Make) -> None:
    before = contents(made())
    after = contents(made({**KNOWN, "trainer": True}))
    grown = {"auth/service_client_secrets", "provision/database_passwords"}
    assert {name: after[name] for name in before if name not in grown} == {
        name: text for name, text in before.items() if name not in grown
    }
    for name in grown:
        assert json.loads(after[name]).items() > json.loads(before[name]).items()
    assert after.keys() - before.keys() == {
        f"trainer/{setting}" for setting in ("database_url", "redis_url", "service_client_secret")
    }


def test_a_database_of_the_operators_own_is_left_alone(made: Make) -> None:
    folder = made()
    own = "postgresql+asyncpg://auth:pw@db.example.org/rt"
    (folder / "auth/database_url").write_text(own)
    made()
    assert (folder / "auth/database_url").read_text() == own


def test_the_emulator_has_the_apps_secret_until_strava_gives_one(made: Make) -> None:
    texts = contents(made())
    assert texts["strava/strava_client_secret"] == texts["strava-emulator/emulator_client_secret"]
    assert "strava/strava_client_id" not in texts
    texts = contents(made(STRAVA_CLIENT_ID="4711", STRAVA_CLIENT_SECRET="given by Strava"))
    assert (texts["strava/strava_client_id"], texts["strava/strava_client_secret"]) == ("4711", "given by Strava")
    assert texts["strava-emulator/emulator_client_secret"] == "given by Strava"
    assert (texts["auth/strava_client_id"], texts["auth/strava_client_secret"]) == ("4711", "given by Strava")


def test_secrets_of_mail_and_google_go_to_auth_alone(made: Make) -> None:
    texts = contents(made(SMTP_PASSWORD="of the mail server", GOOGLE_CLIENT_SECRET="of the app at Google"))
    assert texts["auth/smtp_password"] == "of the mail server"
    assert texts["auth/google_client_secret"] == "of the app at Google"
    assert [name for name in texts if "smtp" in name or "google" in name] == [
        "auth/google_client_secret",
        "auth/smtp_password",
    ]


def test_given_credentials_come_from_the_file_or_over_it_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert read_given({}, file) == {}
    file.write_text("#STRAVA_CLIENT_ID=1\nSTRAVA_CLIENT_ID=\"2\"\nSTRAVA_CLIENT_SECRET='a=b'\n")
    assert read_given({}, file) == {"STRAVA_CLIENT_ID": "2", "STRAVA_CLIENT_SECRET": "a=b"}
    assert read_given({"STRAVA_CLIENT_ID": "3"}, file)["STRAVA_CLIENT_ID"] == "3"
    file.write_text("STRAVA_CLIENT_ID=2\n")
    with pytest.raises(ValueError, match="belong together"):
        read_given({}, file)
