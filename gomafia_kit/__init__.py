"""gomafia_kit: the history of gomafia.pro in DuckDB, Parquet and PostgreSQL."""
