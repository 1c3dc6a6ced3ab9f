"""The process that renders: ``python -m pdf.rendering.child``. Only here is WeasyPrint imported."""

import warnings
from typing import Any

from common.sandbox.child import serve
from contracts.trainer.api import PlanDocument
from pdf.rendering import glyphs
from pdf.rendering.order import CannotDraw, Drawn, Order
from pdf.rendering.pages import html_of

NO_FONTS = "There are no fonts on this machine. Debian has some in the package fonts-dejavu-core."
NO_LIBRARIES = (
    "The libraries that draw text are missing. Debian has them in the packages libpango-1.0-0, libpangoft2-1.0-0 and "
    "libharfbuzz-subset0."
)


def answer(request: bytes) -> bytes:
    """Render the order in a request."""
    try:
        return render(Order.unpack(request)).pack()
    except OSError as error:  # cffi's word for a library that is not there
        if "cannot load library" not in str(error):
            raise
        return CannotDraw(NO_LIBRARIES).pack()
    except UserWarning:
        return CannotDraw(NO_FONTS).pack()


def render(order: Order) -> Drawn:
    """Make the PDF. Raises ``OSError`` without Pango's libraries and ``UserWarning`` without fonts."""
    with warnings.catch_warnings():
        # Without fonts every letter is a box: that is no document.
        warnings.filterwarnings("error", ".*Expect ugly output", UserWarning)
        from weasyprint import HTML, URLFetcher  # noqa: PLC0415 - may be missing its libraries, which is an answer

    # Nothing of a document lies elsewhere; what people write could only name what they should not see.
    fetcher = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    html = html_of(PlanDocument.model_validate_json(order.plan), order.units, order.printed_on, glyphs.installed())
    document: Any = HTML(string=html, url_fetcher=fetcher).render()
    return Drawn(len(document.pages), document.write_pdf(pdf_tags=True))


if __name__ == "__main__":
    serve(answer)
