"""Distribution points and days, and what happened at their tables: hand-overs, voids and conflicts."""
