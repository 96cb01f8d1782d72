"""`python -m footfall`."""

import sys


def main() -> None:
    """Run the command line, or say how to get it: the tracker alone installs without it."""
    try:
        from footfall.cli import main as run
    except ModuleNotFoundError as error:
        sys.stderr.write(f"footfall: {error.name} is missing; install the server: pip install 'footfall[server]'\n")
        raise SystemExit(2) from None
    run()


if __name__ == "__main__":
    main()
