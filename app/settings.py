"""The settings of the service, and the only place that reads its environment (docs/settings.md)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from app.wording import rule
from engine.errors import InputError

PREFIX = "TWINSHOT_"
SHARED_DATA = "TWINSHOT_SHARED"
"""Where tests and benchmarks find real photos; the service has no use for it, and no complaint about it."""
MIN_KEY = 16
"""Characters of a key: below that it can be guessed."""

MB = 1_000_000
Count = Annotated[int, Field(ge=1)]
Switch = Literal["on", "off"]


class SettingsError(InputError):
    """A variable of the environment is missing, unsafe or makes no sense."""


class Settings(BaseModel):
    """Each field is set by the variable TWINSHOT_<NAME>; an empty variable counts as not set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundles: Path = Field(description="The bundle folder; CURRENT in it names the live generation.")
    state: Path | None = Field(default=None, description="A writable folder for what changes between generations.")
    redis_url: SecretStr | None = Field(default=None, description="Redis for the cache; without it an in-process LRU.")
    host: str = Field(default="127.0.0.1", description="The address to bind.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port to bind.")
    device: Literal["cpu", "cuda"] = Field(default="cpu", description="Where the model runs.")
    index_device: Literal["cpu", "cuda"] = Field(default="cpu", description="Where the codes are searched.")
    read_key: SecretStr | None = Field(
        default=None, description="Callers must send this key; without it everybody may read."
    )
    write_key: SecretStr | None = Field(default=None, description="The key for changes; it may also read.")
    cors_origins: tuple[str, ...] | None = Field(
        default=None, description="Origins whose pages may call the service from a browser, or *."
    )
    read_rate: Count | None = Field(default=None, description="Requests a second of one caller that only read.")
    write_rate: Count | None = Field(default=None, description="Changes a second of one caller.")
    threads: Count = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        le=1024,
        description="Photos decoded, encoded and searched at once; the default is the number of cores.",
    )
    queue: int = Field(default=64, ge=0, le=100_000, description="Photos that may wait for a thread before 429.")
    queue_wait: float = Field(default=2.0, gt=0, le=60, description="Seconds a photo may wait for a thread.")
    max_body_bytes: Count = Field(
        default=40 * MB, description="The largest body but of a batch of changes; 413 beyond it."
    )
    max_buffered_bytes: Count = Field(
        default=256 * MB, description="All request bodies in memory together; 429 beyond it."
    )
    min_body_rate: Count = Field(default=10_000, description="Bytes per second below which an upload ends with 408.")
    body_grace: float = Field(default=10.0, gt=0, le=600, description="Seconds before the minimum rate applies.")
    cache_bytes: int = Field(default=128 * MB, ge=0, description="Size of the in-process LRU; 0 keeps nothing.")
    cache_ttl: Count = Field(default=86_400, description="Seconds a cache entry lives.")
    samples: Path | None = Field(default=None, description="A folder of photos that the page offers to try.")
    log_format: Literal["json", "text"] | None = Field(
        default=None, description="How the log is written; the default is text on a terminal, else json."
    )
    access_log: Switch = Field(default="off", description="Whether the log has a line for each answer.")
    traces: Switch = Field(default="off", description="Whether traces are sent, as the variables OTEL_* say.")
    drain: float = Field(
        default=1.0, ge=0, le=15, description="Seconds between SIGTERM and closing the port, for proxies to notice."
    )

    @field_validator("bundles", "state")
    @classmethod
    def _from_the_root(cls, value: Path | None) -> Path | None:
        # whatever names a folder names the whole path, which is like no other word of a message (app/generations)
        return None if value is None else value.absolute()

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("is no Redis address; write redis://HOST:PORT/DATABASE")
        return value

    @field_validator("read_key", "write_key")
    @classmethod
    def _is_a_safe_key(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value is not None else None
        if key is not None and (len(key) < MIN_KEY or not key.isascii() or not key.isprintable() or " " in key):
            raise ValueError(
                f"needs at least {MIN_KEY} printable ASCII characters without spaces; `openssl rand -hex 24` makes one"
            )
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: str) -> tuple[str, ...]:
        origins = tuple(own.strip() for own in value.split(",") if own.strip())
        if origins == ("*",):
            return origins
        for own in origins:
            if own != (meant := _origin(own)):
                remedy = f"write {meant}" if meant else "write https://HOST, https://HOST:PORT, or * alone for all"
                raise ValueError(f"{own} is no origin as browsers send it; {remedy}")
        return origins

    @field_validator("state")
    @classmethod
    def _is_a_writable_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not (value.is_dir() and os.access(value, os.W_OK)):
            raise ValueError("is no folder that this process may write; create it or mend its owner")
        return value

    @field_validator("samples")
    @classmethod
    def _is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not (value.is_dir() and os.access(value, os.R_OK | os.X_OK)):
            raise ValueError("is no folder that this process may read; create it or mend its owner")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.read_key is not None and self.read_key == self.write_key:
            raise ValueError("TWINSHOT_WRITE_KEY equals TWINSHOT_READ_KEY: every reader could write; use two keys")
        if self.max_buffered_bytes < self.max_body_bytes:
            raise ValueError(
                f"TWINSHOT_MAX_BUFFERED_BYTES={self.max_buffered_bytes} is less than "
                f"TWINSHOT_MAX_BODY_BYTES={self.max_body_bytes}: no such body could ever be read; raise it"
            )
        return self


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that `environment` (default: this process's) gives.

    Raises SettingsError naming the variable, its value (never that of a key) and the remedy.
    """
    source = os.environ if environment is None else environment
    names = {PREFIX + name.upper(): name for name in Settings.model_fields}
    given = {name: source[variable] for variable, name in names.items() if source.get(variable)}
    if "bundles" not in given:
        raise SettingsError("TWINSHOT_BUNDLES is not set; name the bundle folder that `twinshot index` wrote")
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error


def variables(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that begin like ours and are not empty, settings or not."""
    source = os.environ if environment is None else environment
    return {name: value for name, value in source.items() if name.startswith(PREFIX) and value}


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Variables that begin like ours and set nothing: most often a slip of the pen."""
    source = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {SHARED_DATA}
    return sorted(name for name in source if name.startswith(PREFIX) and name not in known)


def _origin(text: str) -> str | None:
    """The origin of an address as browsers write it, None where it has none."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not parts.scheme or not host or "*" in host or any(character.isspace() for character in text):
        return None
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return rule(first)
    name = str(first["loc"][0])
    secret = name.endswith(("key", "url"))
    shown = "" if secret else f"={first['input']}"
    return f"{PREFIX}{name.upper()}{shown}: {rule(first)} (docs/settings.md)"
