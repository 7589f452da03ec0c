"""SQL poll: new rows of a table or view in any database that SQLAlchemy speaks.

In: an address, a table, a column that grows; addresses are column names, or the names in
``name_column`` where a row is one value. Out: values with the row's time, else on arrival.
How far it came is remembered once rows are kept, so that nothing is left out after a restart and
a few rows may come twice. The user needs no right but to read.
Limits: ``rows`` a question, QUESTION_S_MAX a question, one connection.
"""

from hanse.collect.connectors.sql.browse import browse
from hanse.collect.connectors.sql.config import SqlConfig, from_url
from hanse.collect.connectors.sql.diagnostics import explain
from hanse.collect.connectors.sql.source import collect
from hanse.collect.ports import Connector
from hanse.model.text import Text

CONNECTOR = Connector(
    name="sql",
    title=Text(en="Database table", zh="数据库表"),
    config=SqlConfig,
    collect=collect,
    explain=explain,
    schemes=("sql+sqlite", "sql+postgresql", "sql+postgresql+psycopg", "sql+mysql", "sql+mssql"),
    from_url=from_url,
    browse=browse,
)
