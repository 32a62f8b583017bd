"""One file a command, or a group of small ones."""
