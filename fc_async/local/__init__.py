"""Function Compute and MNS on one machine."""

TYPE_CHECKING = False  # known to type checkers

if TYPE_CHECKING:
    from .clock import ManualClock as ManualClock
    from .server import LocalServer as LocalServer

if not TYPE_CHECKING:
    _HOME_OF = {"LocalServer": "server", "ManualClock": "clock"}
    __all__ = sorted(_HOME_OF)

    def __getattr__(name):
        """Load a name from its file on first use: what needs neither asyncio nor aiohttp loads neither."""
        if name not in _HOME_OF:
            raise AttributeError(f"module 'fc_async.local' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"fc_async.local.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
