"""Totals, reconciliation and verification over a whole response."""
