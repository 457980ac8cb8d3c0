"""What an installation is: its wheel, its locks, the licences it brings."""
