"""From any number down to its facts, rules, parameters and arithmetic.

A member's group is folded again with every step kept (``story``), what was asked for is picked
(``asking``), and each number is taken apart where it came about: an entry (``of_entry``), what a return takes
back (``of_reversal``), a move on a ladder (``of_move``), the balance (``of_balance``). ``page`` sets it all.
"""
