"""The fuzzing of records itself needs atheris and minutes; here, that it would instrument files that are there."""

import importlib

from tests.fuzz.records import INSTRUMENTED


def test_every_file_that_the_fuzzer_instruments_is_there():
    assert [importlib.import_module(f"fc_async.{name}").__name__ for name in INSTRUMENTED]
