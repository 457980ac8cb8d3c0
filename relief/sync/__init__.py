"""What goes between phones and the server: enrolment, manifests out, batches of events in."""
