"""The database: engine set-up, unit of work, column types, append-only tables, bulk writing and migrations."""
