"""A storage in memory that clients can be sent to."""

from datetime import timedelta

from application.ports.storage import SigningStorage
from domain.file import FileLocation
from tests.fakes.in_memory_storage import InMemoryStorage


class SigningInMemoryStorage(InMemoryStorage, SigningStorage):
    """Signs URLs that say what they were signed for, unless ``refusal`` says that it cannot."""

    refusal: Exception | None = None

    async def sign(
        self, location: FileLocation, *, lifetime: timedelta, file_name: str, media_type: str, is_inline: bool
    ) -> str:
        if self.refusal is not None:
            raise self.refusal
        seconds = int(lifetime.total_seconds())
        return f"https://signed.example.org/{location.checksum}?name={file_name}&type={media_type}&seconds={seconds}"
