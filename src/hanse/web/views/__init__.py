"""What the pages and the JSON API show: read models, values only.

For: `hanse.web.ports`, which names who fills them, and the templates, which show them.
In: nothing; these are frozen Structs with bounded fields. Out: the same, as HTML or as JSON.
Every sentence a person reads is a `Text` in English and Chinese; instants are aware UTC; money is
`Money`; an ``event`` field is the id of the event that explains the row (its why-link).
Limits: lists are cut by the port that fills them at the ``limit`` it is given.
"""
