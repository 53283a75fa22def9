"""The fc-async command: one file per command group."""
