"""Streams as they are stored, looked into only where somebody asks."""

from collections.abc import Iterator, Mapping

import zstandard

from strava.streams.codec import PREFIX, Column, decode, encode

_WIDEST = 16  # bytes of a sample: two integers of eight


class Packed(Mapping[str, Column]):
    """Streams of one length by name; each is unpacked when it is asked for.

    ``encoded`` has them as `codec.encode` gives them, ``count`` is their length.
    """

    def __init__(self, encoded: Mapping[str, bytes], count: int) -> None:
        self.encoded = dict(encoded)
        self.count = count

    @classmethod
    def of(cls, streams: Mapping[str, Column]) -> "Packed":
        return cls(
            {name: encode(name, column) for name, column in streams.items()}, len(next(iter(streams.values()), ()))
        )

    def __getitem__(self, name: str) -> Column:
        """Unpack a stream. Raises ``ValueError`` when it is longer than it says."""
        data = self.encoded[name]
        if zstandard.frame_content_size(data[PREFIX.size :]) > _WIDEST * self.count:
            raise ValueError(f"the stream {name} is longer than {self.count} samples")
        return decode(name, data)

    def __iter__(self) -> Iterator[str]:
        return iter(self.encoded)

    def __len__(self) -> int:
        return len(self.encoded)
