"""What people read: one file a report, rows into dataclasses that render themselves. Nothing here prints."""
