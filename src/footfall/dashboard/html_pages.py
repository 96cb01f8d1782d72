"""HTML that needs no script: login, and the explanation of every reason."""

from html import escape

from footfall.dashboard.assets import Bundle
from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS
from footfall.schema.verdict import Profile

_FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="{assets}/icon.svg" type="image/svg+xml">
<script src="{assets}/js/theme.js"></script>
<link rel="stylesheet" href="{assets}/css/tokens.css">
<link rel="stylesheet" href="{assets}/css/paper.css">
<body class="{kind}">
{body}
</body>
</html>
"""


def _frame(bundle: Bundle, title: str, kind: str, body: str) -> str:
    return _FRAME.format(title=escape(title), kind=kind, body=body, assets=f"/assets/{bundle.version}")


def login_page(bundle: Bundle, target: str, problem: str | None = None, login: str = "") -> str:
    """The form that asks for name and password; `target` is where to go afterwards."""
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    body = f"""<main class="card">
<h1><img src="{bundle.address("icon.svg")}" alt="" width="28" height="28"> footfall</h1>
{alert}
<form method="post" action="/login">
<input type="hidden" name="next" value="{escape(target)}">
<label>Name
<input name="login" autocomplete="username" required maxlength="200" value="{escape(login)}" autofocus>
</label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required maxlength="1000">
</label>
<button>Log in</button>
</form>
<p class="aside">No login yet? On the server: <code>footfall user add NAME</code></p>
</main>"""
    return _frame(bundle, "Log in · footfall", "login", body)


def reasons_page(bundle: Bundle) -> str:
    """Every reason with its sentence and what to do, each with an anchor."""
    contents = "\n".join(f'<li><a href="#{r.code}">{escape(r.code)}</a></li>' for r in Reason)
    entries = "\n".join(
        f'<section id="{r.code}"><h2><a href="#{r.code}"><code>{escape(r.code)}</code></a></h2>'
        f"<p>{escape(r.sentence)}</p><p class='hint'>{escape(r.hint)}</p></section>"
        for r in Reason
    )
    body = f"""<header><a href="/">footfall</a></header>
<main class="manual">
<h1>Reasons</h1>
<p>Why an event or a request was refused, or accepted with a remark. Codes are stable and safe to match on.</p>
<nav aria-label="Reasons"><ul>{contents}</ul></nav>
{entries}
</main>"""
    return _frame(bundle, "Reasons · footfall", "paper", body)


def docs_page(bundle: Bundle) -> str:
    """What there is to read on this server."""
    schemas = "\n".join(
        f"<tr><th scope='row'>{eid}</th>"
        + "".join(f"<td><a href='/schemas/{profile}/{eid.lower()}.json'>{profile}</a></td>" for profile in Profile)
        + "</tr>"
        for eid in EIDS
    )
    body = f"""<header><a href="/">footfall</a></header>
<main class="manual">
<h1>Documentation</h1>
<ul>
<li><a href="/docs/reasons">Reasons</a>: why an event or a request was refused</li>
<li><a href="/openapi.json">OpenAPI</a>: every path of this server</li>
<li><a href="/schemas">Schemas</a>: JSON Schema of every event</li>
</ul>
<h2>Schemas of the events</h2>
<table>{schemas}</table>
</main>"""
    return _frame(bundle, "Documentation · footfall", "paper", body)
