"""Queues with rules of their own: who comes, who is next, and who stays where she was."""
