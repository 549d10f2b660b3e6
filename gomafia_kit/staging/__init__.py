"""Rows on disk: Parquet parts that only the importer knows, and what is published from them."""
