"""What the pages of the gateway may load and run, as their policies say to browsers."""

import pytest
from gateway_doubles import Platform

OF_THE_WEB_APP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


async def policy_of(platform: Platform, path: str) -> dict[str, str]:
    answer = await platform.client.get(path)
    assert answer.status_code == 200
    (policy,) = answer.headers.get_list("content-security-policy")
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.mark.parametrize("path", ["/", "/assets/app.js", "/assets/entrance.js"])
async def test_the_web_app_loads_and_runs_only_its_own_files(platform: Platform, path: str) -> None:
    assert await policy_of(platform, path) == OF_THE_WEB_APP


async def test_the_documentation_runs_no_script_but_its_own(platform: Platform) -> None:
    policy = await policy_of(platform, "/api/docs")
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert policy["connect-src"] == policy["form-action"] == "'self'"
