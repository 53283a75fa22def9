"""Lists of MNS: they are gone through page by page, and they end."""

import pytest

from fc_async import ServiceError
from fc_async.mns.listing import Page, pages


class Service:
    """Lists without an end: each page has a marker that was never there before."""

    def __init__(self):
        self.asked = []

    def call(self, verb, method, target, *, headers):
        self.asked.append(headers.get("x-mns-marker"))
        return f"m{len(self.asked)}"

    def read(self, verb, answer, reader):
        return reader(answer)


def test_a_list_whose_every_page_names_another_ends_as_an_error():
    service = Service()
    with pytest.raises(ServiceError, match="without an end"):
        list(pages(service, "list", "", lambda marker: Page([], marker)))
    assert service.asked[:3] == [None, "m1", "m2"]
    assert len(service.asked) == 1001


def test_each_page_is_asked_for_at_its_largest():
    asked = []

    class OfOnePage(Service):
        def call(self, verb, method, target, *, headers):
            asked.append(dict(headers))

    assert list(pages(OfOnePage(), "list", "", lambda _: Page([1, 2], None), {"x-mns-prefix": "a"})) == [1, 2]
    assert asked == [{"x-mns-prefix": "a", "x-mns-ret-number": "1000"}]
