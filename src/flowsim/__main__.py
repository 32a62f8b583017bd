"""`python -m flowsim`: the command line."""

from flowsim.cli.entry import begin

if __name__ == "__main__":
    begin()
