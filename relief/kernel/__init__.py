"""Values that every other part speaks in: money, goods, identities, codes, dates, actors and errors."""
