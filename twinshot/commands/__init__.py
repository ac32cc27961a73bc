"""The front door's own commands, one a file. Each imports what it needs when it runs."""
