"""What tests stand on: a PostgreSQL server, a browser, a running Relief."""
