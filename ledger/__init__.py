"""What happened and what it came to. Knows nothing of rules."""
