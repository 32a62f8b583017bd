"""Time that comes again: opening hours, shifts and meetings by the week or the month, and when all is closed."""
