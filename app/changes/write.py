"""From what a caller sent to an acknowledged change: encoded, durable, and in the view of this process."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from app.changes.errors import KeyUsedError
from app.changes.follow import Follower
from app.changes.operations import Shop
from app.compute import Compute
from app.live import Live, Loaded
from app.telemetry import Timing
from app.wording import of_photo
from engine.bundle.thumbs import thumb_of
from engine.changes.record import StoredPhoto
from engine.changes.state import State
from engine.codes import Floats
from engine.errors import PhotoError, StateError
from engine.live.photo_codes import model_key
from engine.preprocess import crop, decode


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo as it came: its id, the SHA-256 of its bytes in hexadecimal, its bytes."""

    image_id: str
    sha256: str
    data: bytes

    @property
    def stored(self) -> StoredPhoto:
        """As the log has it."""
        return StoredPhoto(image_id=self.image_id, sha256=self.sha256)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A photo that can be searched: float32 [bits], by the model of `key`, and its thumbnail."""

    photo: NewPhoto
    key: str
    embedding: Floats
    thumb: bytes


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes changes; holds what every change needs."""

    state: State
    live: Live
    follower: Follower
    compute: Compute

    async def prepare(self, loaded: Loaded, photos: Sequence[NewPhoto], timing: Timing) -> list[Prepared]:
        """Decode and encode photos behind the gate that searches wait at too. Raises PhotoError and QueueFullError.

        A photo that the state knows by this model is not worked on again: who sends a whole catalogue every night
        sends what is there already.
        """
        found, new = await self._known(loaded, photos)
        for number, photo in enumerate(new):  # one after the other: a caller with many photos is one caller
            found.append(await self.compute.run(timing, partial(prepared, loaded, photo), begun=number > 0))
        return found

    async def _known(self, loaded: Loaded, photos: Sequence[NewPhoto]) -> tuple[list[Prepared], list[NewPhoto]]:
        """Photos that the state has with their embedding and thumbnail, and the others."""
        key = model_key(loaded.encoder.card)

        def look() -> tuple[list[Prepared], list[NewPhoto]]:
            found, new = [], []
            embeddings = self.state.log.embeddings(key, [photo.sha256 for photo in photos])
            for photo in photos:
                try:
                    thumb = self.state.thumbs.read(photo.sha256)
                    found.append(Prepared(photo, key, embeddings[photo.sha256], thumb))
                except (StateError, KeyError):
                    new.append(photo)
            return found, new

        return await asyncio.to_thread(look) if photos else ([], [])

    async def prepare_each(
        self, loaded: Loaded, photos: Sequence[NewPhoto], timing: Timing
    ) -> tuple[list[Prepared], dict[str, PhotoError]]:
        """The same for many photos, in any order; those that cannot be used do not end it: their errors, by image id.

        Up to half of the threads work on them, so that searches always find some. Raises QueueFullError.
        """
        found, new = await self._known(loaded, photos)
        unusable: dict[str, PhotoError] = {}

        async def one(photo: NewPhoto, begun: bool) -> None:
            try:
                found.append(await self.compute.run(timing, partial(prepared, loaded, photo), begun=begun))
            except PhotoError as error:
                unusable[photo.image_id] = error

        async def some(waiting: Iterator[NewPhoto]) -> None:
            for photo in waiting:
                await one(photo, begun=True)

        # the first one alone: where it is refused all are, and once it had its turn none is worked on in vain
        for photo in new[:1]:
            await one(photo, begun=False)
        rest = iter(new[1:])
        async with asyncio.TaskGroup() as group:
            for _ in range(max(self.compute.threads // 2, 1)):
                group.create_task(some(rest))
        return found, unusable

    async def change(
        self, prepared: Sequence[Prepared], work: Callable[[Shop], str], once: "Once | None" = None
    ) -> "Changed":
        """Do `work`, which gives the answer as JSON, in one transaction with the photos that it speaks of.

        When this returns the change is on the disk and in the view of this process. Whatever `work` raises leaves
        nothing behind but files that no product names. With `once`, an answer that was given before is given again.
        """
        return await asyncio.to_thread(self._done, prepared, work, once)

    def _done(self, prepared: Sequence[Prepared], work: Callable[[Shop], str], once: "Once | None") -> "Changed":
        changed = self._commit(prepared, work, once)
        self.follower.advance()  # here: another hop between threads costs as much as the work
        return changed

    def _commit(self, prepared: Sequence[Prepared], work: Callable[[Shop], str], once: "Once | None") -> "Changed":
        # before the transaction: the log never names a photo that is not on the disk
        self.state.photos.keep_all({own.photo.sha256: own.photo.data for own in prepared})
        self.state.thumbs.keep_all({own.photo.sha256: own.thumb for own in prepared})
        loaded = self.live.loaded  # not `take`: the process may have been told to stop while this was encoded
        assert loaded is not None  # since the request was admitted
        with self.state.log.writing() as writing:
            if once is not None and (before := writing.answered(once.key)) is not None:
                if before[0] != once.request:
                    raise KeyUsedError(f"Idempotency-Key: {once.key} came with another request before; use a new key")
                return Changed(before[1], True)
            for own in prepared:
                writing.keep_embedding(own.key, own.photo.sha256, own.embedding)
            answer = work(Shop(writing, loaded.view))
            if once is not None:
                writing.remember(once.key, once.request, answer)
            return Changed(answer, False)


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key, and the digest of the request that came with it."""

    key: str
    request: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What is answered, as JSON; whether it was answered before."""

    answer: str
    replayed: bool


def prepared(loaded: Loaded, photo: NewPhoto) -> Prepared:
    """Decode and encode a photo, and make its thumbnail. Raises PhotoError, which names the photo."""
    card = loaded.encoder.card
    try:
        decoded = decode(photo.data, card.preprocessing)
    except PhotoError as error:
        raise type(error)(of_photo(photo.image_id, error)) from error
    embedding = loaded.encoder.encode(crop(decoded, card.preprocessing)[np.newaxis]).embeddings[0]
    return Prepared(photo, model_key(card), embedding, thumb_of(photo.data, decoded, card.preprocessing))
