"""What MNS answers as a tree: whatever comes is a tree or one error of ours."""

import pytest

from fc_async.mns.xml_tree import UnreadableAnswerError, tree


@pytest.mark.parametrize("encoding", ["gb2312", "big5", "utf-7", "hex", "idna", "nobody-knows"])
def test_xml_in_an_encoding_that_cannot_be_read_is_an_unreadable_answer(encoding):
    page = f'<?xml version="1.0" encoding="{encoding}"?><html><body>502</body></html>'.encode()
    with pytest.raises(UnreadableAnswerError, match="encoding"):
        tree(page)


def test_xml_in_an_encoding_of_one_byte_is_read():
    assert tree(b'<?xml version="1.0" encoding="latin-1"?><a>\xe9</a>').text == "\u00e9"
