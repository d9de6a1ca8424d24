"""The row store, the truth: one table of records, written in groups, on SQLite or PostgreSQL."""
