"""Backup and restore: the log with its positions, hashes, imports and rejects in one file.

The file is the same for both databases. Views are not in it: they are rebuilt. Nothing in it says when or
from which database it was taken, so two backups of one state are the same bytes.
"""

from .restoring import RestoreReport, restore_backup
from .writing import BackupReport, write_backup

__all__ = ["BackupReport", "RestoreReport", "restore_backup", "write_backup"]
