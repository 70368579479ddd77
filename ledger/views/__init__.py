"""Views: tables that anyone can drop and rebuild to the same bytes. One file a view, each a pure fold.

Rows are lists or tuples in the column order of ``tables.VIEWS``. The same code serves a rebuild, which
starts with no rows, and a run, which starts with the rows it has loaded.
"""
