"""The tables of `tables` as SQLAlchemy sees them, and the two in which a schema remembers its pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.tables import DECIMAL_PRECISION, DECIMAL_SCALE, TABLES, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from gomafia_kit.tables import Reference, Table

SOURCE: Final = "push_source"
STATE: Final = "push_state"

TYPE_NAMES: Final[Mapping[Type, str]] = {
    Type.INTEGER: "integer",
    Type.BIGINT: "bigint",
    Type.TEXT: "text",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp with time zone",
    Type.DECIMAL: f"numeric({DECIMAL_PRECISION},{DECIMAL_SCALE})",
}
"""What PostgreSQL's catalogue calls each type."""


def _forms() -> Mapping[Type, sa.types.TypeEngine[Any]]:
    import sqlalchemy as sa

    return {
        Type.INTEGER: sa.Integer(),
        Type.BIGINT: sa.BigInteger(),
        Type.TEXT: sa.Text(),
        Type.BOOLEAN: sa.Boolean(),
        Type.DATE: sa.Date(),
        Type.TIMESTAMP: sa.DateTime(timezone=True),
        Type.DECIMAL: sa.Numeric(DECIMAL_PRECISION, DECIMAL_SCALE),
    }


def metadata(schema: str) -> sa.MetaData:
    """Every table with its types, primary key and comments, in this schema.

    Indexes and foreign keys stand apart (`index`, `foreign_key`): they are made once the rows stand,
    which is quicker, and a foreign key only where it holds: one answer that couldn't be read must not
    keep the others out.
    """
    import sqlalchemy as sa

    found = sa.MetaData(schema=schema)
    for table in TABLES.values():
        _define(found, table)
    sa.Table(
        SOURCE,
        found,
        sa.Column("league", sa.Text, nullable=False, comment="the league whose rows these tables hold"),
        sa.Column("folder_id", sa.Text, nullable=False, comment="the data folder that pushed last (its own number)"),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False, comment="when that was"),
        comment="who fills this schema: one league, one data folder",
    )
    sa.Table(
        STATE,
        found,
        sa.Column("table_name", sa.Text, primary_key=True, comment="the table"),
        sa.Column("fingerprint", sa.Text, nullable=False, comment="name of the state that was pushed last"),
        sa.Column("rows", sa.BigInteger, nullable=False, comment="its rows"),
        comment="what was pushed last: a table that hasn't changed since isn't sent again",
    )
    return found


def _define(found: sa.MetaData, table: Table) -> None:
    import sqlalchemy as sa

    forms = _forms()
    columns = [
        sa.Column(column.name, forms[column.type], nullable=column.nullable, comment=column.comment)
        for column in table.columns
    ]
    key = sa.PrimaryKeyConstraint(*table.key, name=f"{table.name}_pkey")
    sa.Table(table.name, found, *columns, key, comment=table.comment)


def index(found: sa.MetaData, table: Table, reference: Reference) -> sa.Index | None:
    """An index on the columns of a reference, where the table's key doesn't begin with them.

    Deleting a row looks for those that refer to it, and the analyst asks by the same columns.
    """
    import sqlalchemy as sa

    if table.key[: len(reference.columns)] == reference.columns:
        return None
    columns = found.tables[f"{found.schema}.{table.name}"].columns
    return sa.Index(f"{table.name}_{'_'.join(reference.columns)}_idx", *(columns[name] for name in reference.columns))


def key_name(table: Table, reference: Reference) -> str:
    """The name of a foreign key."""
    return f"{table.name}_{'_'.join(reference.columns)}_fkey"


def foreign_key(found: sa.MetaData, table: Table, reference: Reference) -> sa.ForeignKeyConstraint:
    """A reference as a constraint of its table, ready to be added or dropped."""
    import sqlalchemy as sa

    target = found.tables[f"{found.schema}.{reference.table}"]
    key = [target.columns[name] for name in TABLES[reference.table].key]
    constraint = sa.ForeignKeyConstraint(list(reference.columns), key, name=key_name(table, reference))
    found.tables[f"{found.schema}.{table.name}"].append_constraint(constraint)
    return constraint
