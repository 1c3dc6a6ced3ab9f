"""The page that shows an API's description; its assets come from a package, so that it works without the internet."""

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles


def add_page(app: FastAPI, *, path: str, description: str, title: str) -> None:
    """Serve the page at ``path`` for the OpenAPI document at ``description``, and its assets below ``path``."""
    assets = f"{path}/assets"
    app.mount(assets, StaticFiles(packages=[("fastapi_offline", "static")]))

    @app.get(path, include_in_schema=False)
    async def page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=description,
            title=title,
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon.png",
        )
