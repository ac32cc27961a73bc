"""What fetches, as the tests of it want it."""

from twinshot.fetch.addresses import HostList
from twinshot.fetch.download import Downloader


def downloader(*hosts: str, allow_private: bool = True, delay: float = 0.0, max_bytes: int = 50_000) -> Downloader:
    return Downloader(HostList(hosts), allow_private=allow_private, delay=delay, max_bytes=max_bytes)
