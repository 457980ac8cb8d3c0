"""Who did what: a trail of deeds chained by hashes, so that a later edit shows."""
