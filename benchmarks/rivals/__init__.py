"""What the service is measured against: other servers that a user would write, and a route that does nothing."""
