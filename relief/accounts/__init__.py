"""Who may come in and what they were granted: accounts, grants over areas, sign-ins."""
