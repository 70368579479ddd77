"""How facts become points."""
