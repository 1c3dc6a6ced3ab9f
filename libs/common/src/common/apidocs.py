"""The page that shows an API's description; its assets come from a package, so that it works without the internet."""

import base64
import hashlib
import re
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

# The page takes tokens, so no script runs in it but its own. Its parts have styles and pictures written into them.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def add_page(app: FastAPI, *, path: str, description: str, title: str) -> None:
    """Serve the page at ``path`` for the OpenAPI document at ``description``, and its assets below ``path``."""
    assets = f"{path}/assets"
    app.mount(assets, StaticFiles(packages=[("fastapi_offline", "static")]))
    made = get_swagger_ui_html(
        openapi_url=description,
        title=title,
        swagger_js_url=f"{assets}/swagger-ui-bundle.js",
        swagger_css_url=f"{assets}/swagger-ui.css",
        swagger_favicon_url=f"{assets}/favicon.png",
    )
    content = bytes(made.body)
    headers = {"Content-Security-Policy": policy_of(content)}

    @app.get(path, include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(content, headers=headers)


def policy_of(page: bytes) -> str:
    """Return the policy that lets the scripts in the page run, known by their hashes, and files of the same origin."""
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode("ascii") for script in _INLINE.findall(page)]
    return _POLICY.format(scripts=" ".join(f"'sha256-{digest}'" for digest in digests))
