"""Relief: an emergency relief distribution tracker for Rural Support Programmes."""
