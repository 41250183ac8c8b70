"""The S3 API of the object store: another dialect of the same operations, as Swift's middleware s3api has it.

A request that carries an AWS signature becomes requests of Swift's API (`swift.py`), made through the same routes and
the same RPCs as those that Swift's clients send; what they answer is told in S3's words.

    recognition   which requests are S3's, and of which bucket and key
    request       one request: what it is signed with, what its headers may say
    signatures    what a client signs, versions 2 and 4
    payload       a body as it comes: aws-chunked, digests, checksums
    swift         requests of Swift's API within this one
    exchange      the request with what it may ask Swift, and Swift's refusals as S3's
    controllers/  one module a resource of S3
    documents     XML that clients send: parsed strictly, within bounds
    xml           XML that they are sent
"""
