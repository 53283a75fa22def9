"""FunctionsClient is a face over its parts: it inherits from nothing, and everything on it says what it promises."""

import inspect

from fc_async import FunctionsClient
from fc_async.functions.catalog import Catalog
from fc_async.functions.configs import Configs
from fc_async.functions.invocations import Invocations
from fc_async.functions.tasks import Tasks


def test_the_client_is_made_of_parts_and_inherits_nothing() -> None:
    assert FunctionsClient.__mro__ == (FunctionsClient, object)


def test_every_public_name_of_the_client_says_what_it_does() -> None:
    public = {name: one for name, one in vars(FunctionsClient).items() if not name.startswith("_")}
    assert {"settings", "sdk", "account_id", "close", "get_config", "invoke_async"} <= public.keys()
    assert [name for name, one in public.items() if not inspect.getdoc(one)] == []


def test_a_part_takes_every_argument_that_the_face_takes() -> None:
    for part in (Configs, Tasks, Catalog, Invocations):
        for name in vars(part).keys() & vars(FunctionsClient).keys() - {"__init__", "__doc__", "__module__"}:
            if name.startswith("_"):
                continue
            face, behind = (inspect.signature(getattr(of, name)).parameters for of in (FunctionsClient, part))
            assert dict(face).items() <= dict(behind).items(), name
