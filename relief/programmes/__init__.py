"""Programmes and their campaigns: the package, the days, the fund, and the rules of who is eligible."""
