"""Administrative areas with their codes, names and boundaries, and finding the area of a name or a point."""
