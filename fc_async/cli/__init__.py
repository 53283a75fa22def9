"""The fc-async command: one file per command group; each parses, calls the SDK and prints."""


def main() -> None:
    """Run the command line; what the console script calls."""
    from .root import run

    run()
