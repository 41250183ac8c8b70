"""Documents that clients send are held against their schemas, and cannot ask for more than they hold."""

from __future__ import annotations

import pytest

from mopenstack.gateway.s3 import documents
from mopenstack.gateway.s3.xml import NAMESPACE, Element, add, render

DELETE = "<Delete>{}</Delete>"
ONE = "<Object><Key>k</Key></Object>"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Delete", DELETE.format(ONE)),
        ("Delete", f'<Delete xmlns="{NAMESPACE}"><Quiet>true</Quiet>{ONE}{ONE}</Delete>'),
        ("Delete", f'<!DOCTYPE x><Delete xmlns="urn:other">{ONE}</Delete>'),
        ("VersioningConfiguration", "<VersioningConfiguration/>"),
        ("CreateBucketConfiguration", "<Any><LocationConstraint>x</LocationConstraint></Any>"),
    ],
)
def test_what_is_right(name: str, text: str) -> None:
    assert documents.parse(text.encode(), name) is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Delete", ""),
        ("Delete", "no document"),
        ("Delete", DELETE.format("")),
        ("Delete", DELETE.format("<Object/>")),
        ("Delete", DELETE.format(ONE + "<Other/>")),
        ("Delete", DELETE.format(ONE + "text")),
        ("Delete", DELETE.format("<Quiet/><Quiet/>" + ONE)),
        ("Delete", f'<Delete a="b">{ONE}</Delete>'),
        ("Delete", DELETE.format("<Object><Key><Deep/></Key></Object>")),
        ("Delete", f'<Delete xmlns:o="urn:o">{ONE.replace("Key", "o:Key")}</Delete>'),
        ("Delete", '<!DOCTYPE d [<!ENTITY e "k">]><Delete><Object><Key>&e;</Key></Object></Delete>'),
        ("Delete", '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/x">]><Delete><Object><Key>&e;</Key></Object></Delete>'),
        ("Delete", '<!DOCTYPE d [<!ENTITY a "a"><!ENTITY b "&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'),
        ("Delete", "<Delete>" * 100_000),
        ("VersioningConfiguration", "<VersioningConfiguration><Status>On</Status></VersioningConfiguration>"),
        ("CompleteMultipartUpload", "<CompleteMultipartUpload/>"),
        (
            "CompleteMultipartUpload",
            "<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag/></Part></CompleteMultipartUpload>",
        ),
        (
            "CompleteMultipartUpload",
            "<CompleteMultipartUpload><Part><PartNumber>99999999999</PartNumber><ETag/></Part></CompleteMultipartUpload>",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong(name: str, text: str) -> None:
    with pytest.raises(documents.Malformed):
        documents.parse(text.encode(), name)


def test_what_no_document_can_hold() -> None:
    root = Element("Error")
    add(root, "Key", "a\x01b")
    add(root, "Text", "<&>")
    assert render(root, namespace=False).endswith(b"<Key>(invalid string)</Key><Text>&lt;&amp;&gt;</Text></Error>")
