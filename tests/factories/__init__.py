"""Makers of rows that tests begin from."""
