"""The peers, each as its own documentation shows it: `simulate` is timed, `waits` reads its result afterwards."""
