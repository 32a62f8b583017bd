"""What flowsim promises of chance, put to the test in many repetitions on models whose answers are known."""
