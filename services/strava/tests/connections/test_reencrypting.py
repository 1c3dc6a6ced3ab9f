"""What the operator's command does with original files where nothing is encrypted."""

from pathlib import Path

from strava.connections.__main__ import run
from strava.packing import MARK
from strava.settings import StravaSettings


async def test_files_from_before_are_compressed_also_without_keys_and_without_strava(tmp_path: Path) -> None:
    settings = StravaSettings.from_environment(
        service_client_secret="a secret of our own",
        database_url="postgresql+asyncpg://strava:pw@127.0.0.1:1/none",
        signing_secrets="c2lnbmluZyBzZWNyZXQgb2YgMzIgYnl0ZXMgb3Igc28=",
        strava_client_id="",
        encryption_keys="",
        object_store_url=f"file://{tmp_path}",
    )
    content = b"<trkpt/>" * 10_000
    original = tmp_path / "originals/somebody/ab/abcd"
    original.parent.mkdir(parents=True)
    original.write_bytes(content)
    (tmp_path / "originals/somebody/ab/zipped").write_bytes(b"PK\x03\x04 an archive")
    assert [await run(settings), await run(settings)] == [{"originals": 1}, {"originals": 0}]
    assert original.read_bytes().startswith(MARK)
    assert len(original.read_bytes()) < len(content) / 100
    assert await settings.object_store().get("originals/somebody/ab/abcd") == content
