"""What the commands print, as lines of text."""
