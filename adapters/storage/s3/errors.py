"""What the client raises, told in the words of the port. No message of the server is passed on: it may hold secrets."""

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from application.errors import CopyChanged, CopyMissing, CopyNotRestored, StorageUnavailable

CLIENT_ERRORS = (ClientError, BotoCoreError, aiohttp.ClientError, TimeoutError, OSError)
"""Everything that asking the server can raise."""

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_CHANGED = frozenset({"PreconditionFailed", "412", "InvalidRange", "416"})


def port_error(error: Exception) -> StorageUnavailable:
    """The error of the port that stands for one of ``CLIENT_ERRORS``."""
    if not isinstance(error, ClientError):
        return StorageUnavailable(f"The S3 server cannot be read ({type(error).__name__}).")
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _MISSING:
        return CopyMissing("The bucket has no such object.")
    if code in _CHANGED or status in {412, 416}:
        return CopyChanged("The object is not the one that was registered.")
    if code == "InvalidObjectState":
        return CopyNotRestored("The object must be restored before it can be read.")
    if code == "NoSuchBucket":
        return StorageUnavailable("The S3 server has no such bucket.")
    if status in {401, 403}:
        return StorageUnavailable(f"The S3 server refuses our credentials, or their right to do this ({code}).")
    return StorageUnavailable(f"The S3 server answers {status} ({code}).")


def is_missing(error: Exception) -> bool:
    """Whether the server says that there is no such object (or, to HEAD, no such bucket)."""
    return isinstance(error, ClientError) and str(error.response.get("Error", {}).get("Code", "")) in _MISSING
