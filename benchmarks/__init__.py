"""What flowsim costs beside what a user would pick instead; `docs/background/benchmarks.md` tells how to run it."""
