"""From read models to what is seen: words, figures, geometry, frames. Pure but for templates.

In: views (`hanse.web.views`). Out: sentences in a language, SVG geometry, bytes of live frames,
HTML. No clock, no network; templates and catalogues are read once when the application is made.
Limits: `BARS_MAX` (Gantt), `STEPS_MAX` (timeline), `NODES_MAX` (map), `FRAME_POINTS_MAX` (live).
"""
