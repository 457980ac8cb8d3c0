"""The shape of the program, held by tests: floors, purity, sizes, guards of the tables and of the routes."""
