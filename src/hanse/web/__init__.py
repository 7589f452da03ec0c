"""The cockpit and the API: pages, JSON, live lines, and the doors and locks before them.

In: `Ports`, the read models and commands the node implements, and `WebSettings`. Out:
`create_app`, a Litestar (ASGI) application; nothing here touches disk, database or network.
Layers: `views` (what is shown, values) < `ports` (who fills it) < `doors` (who may see it: claim,
login, sessions, permissions, origin, rates, headers) < `drawing` and `routes` (pages and API).
Everything is HTML from the server in English and Chinese and works without script; htmx and four
custom elements add what is live. Nothing is fetched from elsewhere at run time.
Limits: every body, field, list, rate and stream has a name ending in ``_MAX``.
"""

from hanse.web.app import create_app
from hanse.web.ports import Ports
from hanse.web.settings import WebSettings

__all__ = ["Ports", "WebSettings", "create_app"]
