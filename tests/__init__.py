"""The tests of Relief, in the shape of the package they test."""
