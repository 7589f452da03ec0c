"""Images of a role's state in the broker, so that another machine can go on from them."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import ObjectStoreConfig, StorageType
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError
from nats.js.object_store import ObjectStore

from hanse.model.errors import TooMuch, Unreachable

IMAGE_BYTES_MAX = 500_000_000
GET_S = 30.0


class Image(Struct, frozen=True):
    """A state, what it was made of, and up to when the broker's frames are in it.

    ``fed_ns`` is the broker's instant of the last frame that the state knows, 0 for none.
    """

    fed_ns: int
    mark: str
    state: bytes


class Images:
    """One bucket of images by name; a new one replaces the last."""

    def __init__(self, client: Client, bucket: str, *, replicas: int = 1) -> None:
        self._js = client.jetstream()
        self._bucket = bucket
        self._replicas = replicas
        self._store: ObjectStore | None = None

    async def put(self, name: str, image: Image) -> None:
        """Keep an image.

        Raises:
            TooMuch: it is larger than IMAGE_BYTES_MAX.
            Unreachable: the broker does not take it.
        """
        data = msgspec.msgpack.encode(image)
        if len(data) > IMAGE_BYTES_MAX:
            raise TooMuch(f"an image of {len(data)} bytes", subject=name)
        try:
            await (await self._open()).put(name, data)
        except (JetStreamError, NatsError, TimeoutError, OSError) as error:
            raise Unreachable(f"the image was not kept ({error})", subject=name) from error

    async def get(self, name: str) -> Image | None:
        """The newest image of a name, None where there is none or it cannot be read.

        Raises:
            Unreachable: the broker does not answer.
        """
        try:
            async with asyncio.timeout(GET_S):
                kept = await (await self._open()).get(name)
            return msgspec.msgpack.decode(kept.data or b"", type=Image)
        except (NotFoundError, msgspec.MsgspecError):
            return None
        except (JetStreamError, NatsError, TimeoutError, OSError) as error:
            raise Unreachable(f"the image was not given ({error})", subject=name) from error

    async def _open(self) -> ObjectStore:
        if self._store is None:
            try:
                self._store = await self._js.object_store(self._bucket)
            except NotFoundError:
                config = ObjectStoreConfig(
                    bucket=self._bucket,
                    storage=StorageType.FILE,
                    replicas=self._replicas,
                )
                self._store = await self._js.create_object_store(self._bucket, config=config)
        return self._store
