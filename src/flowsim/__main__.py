"""`python -m flowsim`: the command line."""

from flowsim.cli.main import start

if __name__ == "__main__":
    start()
