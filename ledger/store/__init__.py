"""The log and its tables: appending, reading, hashing, on SQLite and PostgreSQL."""
