"""Speed beside the peers, in one run: ratios and memory, medians."""
