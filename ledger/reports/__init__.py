"""What people read: one file a report, rows into frozen dataclasses that render themselves. Nothing here prints."""
