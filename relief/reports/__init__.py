"""Figures over several parts of the program: finance totals, reconciliation, and the proof that nobody edited them."""
