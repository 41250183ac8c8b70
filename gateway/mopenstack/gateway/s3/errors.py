"""S3's refusals: code, status and text.

Source: swift.common.middleware.s3api.s3response.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mopenstack.gateway.s3.xml import Element, add, render

NOT_WELL_FORMED = "The XML you provided was not well-formed or did not validate against our published schema"

CODES: Mapping[str, tuple[int, str]] = {
    "AccessDenied": (403, "Access Denied."),
    "AuthorizationHeaderMalformed": (
        400,
        (
            "The authorization header is malformed; the authorization header requires three components: Credential, "
            "SignedHeaders, and Signature."
        ),
    ),
    "AuthorizationQueryParametersError": (400, ""),
    "BadDigest": (400, "The Content-MD5 you specified did not match what we received."),
    "BrokenMPU": (409, "Multipart upload has broken segment data."),
    "BucketAlreadyExists": (
        409,
        (
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again."
        ),
    ),
    "BucketAlreadyOwnedByYou": (
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
    ),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty"),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed object size."),
    "IncompleteBody": (400, "You did not provide the number of bytes specified by the Content-Length HTTP header"),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidArgument": (400, "Invalid Argument."),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidChunkSizeError": (403, "Only the last chunk is allowed to have a size less than 8192 bytes"),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid."),
    "InvalidLocationConstraint": (400, "The specified location constraint is not valid."),
    "InvalidPart": (
        400,
        (
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag."
        ),
    ),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable"),
    "InvalidPartOrder": (
        400,
        "The list of parts was not in ascending order.Parts list must specified in order by part number.",
    ),
    "InvalidRange": (416, "The requested range cannot be satisfied."),
    "InvalidRequest": (400, "Invalid Request."),
    "InvalidStorageClass": (400, "The storage class you specified is not valid."),
    "InvalidURI": (400, "Couldn't parse the specified URI."),
    "KeyTooLongError": (400, "Your key is too long."),
    "MalformedACLError": (400, f"{NOT_WELL_FORMED}."),
    "MalformedTrailerError": (
        400,
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    ),
    "MalformedXML": (400, NOT_WELL_FORMED),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "MissingRequestBodyError": (400, "Request body is empty."),
    "MissingSecurityHeader": (400, "Your request was missing a required header."),
    "NoLoggingStatusForKey": (400, "There is no such thing as a logging status sub-resource for a key."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (
        404,
        (
            "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload "
            "might have been aborted or completed."
        ),
    ),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NotImplemented": (501, "Not implemented."),
    "ObjectLockConfigurationNotFoundError": (404, "Object Lock configuration does not exist for this bucket"),
    "PreconditionFailed": (412, "At least one of the preconditions you specified did not hold."),
    "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
    "RequestTimeout": (
        400,
        "Your socket connection to the server was not read from or written to within the timeout period.",
    ),
    "ServiceUnavailable": (503, "Please reduce your request rate."),
    "SignatureDoesNotMatch": (
        403,
        (
            "The request signature we calculated does not match the signature you provided. Check your key and signing "
            "method."
        ),
    ),
    "SlowDown": (503, "Please reduce your request rate."),
    "UnexpectedContent": (400, "This request does not support content."),
    "UserKeyMustBeSpecified": (
        400,
        (
            "The bucket POST must contain the specified field name. If it is specified, please check the order of the "
            "fields."
        ),
    ),
    "XAmzContentSHA256Mismatch": (
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}
"""Code -> (HTTP status, text where none is given)."""


class S3Error(Exception):
    """A refusal. `facts` are elements beside code and message, named in snake case; None is an empty element."""

    def __init__(self, code: str, text: str = "", /, *, status: int = 0, **facts: Any) -> None:
        known, usual = CODES[code]
        self.code = code
        self.status = status or known
        self.text = text or usual
        self.facts = facts
        super().__init__(f"{code}: {self.text}")

    def body(self, request_id: str) -> bytes:
        """The document of the refusal."""
        root = Element("Error")
        add(root, "Code", self.code)
        add(root, "Message", self.text)
        add(root, "RequestId", request_id)
        for name, value in self.facts.items():
            add(root, re.sub(r"\W", "", name.title().replace("_", "")), _shown(value))
        return render(root, namespace=False)


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def invalid_argument(name: str, value: Any, text: str = "") -> S3Error:
    """InvalidArgument that names the argument."""
    return S3Error("InvalidArgument", text, argument_name=name, argument_value=value)


def no_such_bucket(bucket: str) -> S3Error:
    return S3Error("NoSuchBucket", bucket_name=bucket)


def no_such_key(key: str) -> S3Error:
    return S3Error("NoSuchKey", key=key)


def not_implemented(text: str = "", **facts: Any) -> S3Error:
    return S3Error("NotImplemented", text, **facts)
