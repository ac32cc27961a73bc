"""What `twinshot products` does with a running service, through its client."""
