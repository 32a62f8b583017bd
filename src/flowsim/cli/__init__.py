"""The command line. It reads options, asks the library, and prints; it decides nothing itself."""
