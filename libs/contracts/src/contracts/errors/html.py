"""The table as one page of HTML that needs nothing from elsewhere."""

from collections.abc import Mapping
from functools import cache
from html import escape

from contracts.errors.row import ErrorCode, Family
from contracts.errors.table import FAMILIES

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5c6670; --paper: #fff; --line: #d9dee3; --mark: #fff3c4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b1; --paper: #14171a; --line: #333a41; --mark: #3d3513; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0; }
a { color: inherit; }
code { font-family: ui-monospace, monospace; font-size: .95em; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: 0; list-style: none; }
article { margin: 1rem -.75rem; padding: .25rem .75rem; border-radius: .5rem; }
article:target { background: var(--mark); }
p { margin: .25rem 0; }
.soft { color: var(--soft); }
"""


@cache
def page() -> str:
    """Return the page: a part per family, and an element per code whose id is the code."""
    return render(FAMILIES)


def render(families: Mapping[str, Family]) -> str:
    """Return the page of these families; all texts are escaped."""
    links = "".join(
        f'<li><a href="#family-{escape(key)}">{escape(each.title)}</a></li>' for key, each in families.items()
    )
    sections = "".join(_section(key, family) for key, family in families.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Running Trainer: errors</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Errors</h1>
<p>Every error of the API is a problem document (RFC 9457). Its <code>code</code> is stable and stands below;
<code>detail</code> and <code>next_steps</code> say more about the one case, and with its <code>request_id</code> an
operator finds it in the logs.</p>
<nav aria-label="Families"><ul>{links}</ul></nav>
<main>{sections}</main>
</body>
</html>
"""


def _section(key: str, family: Family) -> str:
    articles = "".join(_article(code, row) for code, row in family.codes.items())
    heading = f'<h2 id="family-{escape(key)}">{escape(family.title)}</h2>'
    return f'\n<section>\n{heading}\n<p class="soft">{escape(family.about)}</p>{articles}\n</section>'


def _article(code: str, row: ErrorCode) -> str:
    name, retry = escape(code), " It is worth sending again." if row.retryable else ""
    return f"""
<article id="{name}">
<h3><a href="#{name}"><code>{name}</code></a></h3>
<p><strong>{escape(row.title)}</strong> <span class="soft">{row.status}</span></p>
<p>{escape(row.meaning)}{retry}</p>
<p><span class="soft">What to try:</span> {escape(row.next_steps)}</p>
</article>"""
