"""A base of one's own: its files, written from a catalogue of parts."""
