"""A local service for tests: `with fc_async.testing.local() as fc:`, the pytest fixture `fc_local`, and records."""

TYPE_CHECKING = False  # known to type checkers

if TYPE_CHECKING:
    from .local_fc import LocalFC as LocalFC
    from .local_fc import local as local
    from .sample import SampleRecord as SampleRecord
    from .sample import record as record

if not TYPE_CHECKING:
    _HOME_OF = {"LocalFC": "local_fc", "local": "local_fc", "SampleRecord": "sample", "record": "sample"}
    __all__ = sorted(_HOME_OF)

    def __getattr__(name):
        """Load a name from its file on first use: pytest loads the plugin beside this in every run."""
        if name not in _HOME_OF:
            raise AttributeError(f"module 'fc_async.testing' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"fc_async.testing.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
