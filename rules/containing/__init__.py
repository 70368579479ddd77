"""What keeps a stranger's rule from harming a fold: read-only inputs, one depth, limits and a watch.

Only rules of plugins that are not bundled with the product are guarded. :mod:`guarding` stands around their
methods; :mod:`heartbeat` says which of them is being asked, for :mod:`watching`, which runs in the parent of
the process that folds and ends it when one does not come to an end.
"""
