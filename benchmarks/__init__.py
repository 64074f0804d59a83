"""What measures speed and memory, each beside a plain way of doing the same, as ratios."""
