"""What the service would be started with: its settings, its port, its Redis."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from pydantic import SecretStr

from app.settings import PREFIX, Settings, SettingsError, read_settings, unknown_variables
from twinshot.doctor.finding import Finding, failed

_BUNDLES = f"{PREFIX}BUNDLES"
_DOCS = "docs/settings.md has every setting"


def readable(environment: Mapping[str, str], bundles: Path) -> Settings:
    """The settings without those that cannot be read, so that one slip of the pen hides nothing else."""
    base = {_BUNDLES: str(bundles)}
    fine = {name: value for name, value in environment.items() if _reads({**base, name: value})} | base
    return read_settings(fine if _reads(fine) else base)


def settings(environment: Mapping[str, str], bundles: Path) -> Finding:
    """Whether they can be read, and which are set; never a key."""
    read_settings({**environment, _BUNDLES: str(bundles)})
    unknown = unknown_variables(environment)
    given = [(name, environment.get(PREFIX + name.upper())) for name in sorted(Settings.model_fields)]
    said = ", ".join(_shown(name, value) for name, value in given if value) or "none, all as they are by default"
    if unknown:
        remedy = f"{_DOCS}; unset what is none"
        return Finding("settings", "warning", f"no setting and ignored: {', '.join(unknown)}; set: {said}", remedy)
    return Finding("settings", "ok", f"set: {said}")


def port(own: Settings) -> Finding:
    """Whether the service could listen on its port. It is opened and closed again."""
    from app.port import PortInUseError, bind

    try:
        bind(own).close()
    except PortInUseError as error:
        found = failed("port", error)
        return found._replace(level="warning", remedy=f"fine if that is your service; else {found.remedy}")
    return Finding("port", "ok", f"{own.port} of {own.host} is free")


def redis(url: SecretStr | None) -> Finding:
    """Whether Redis answers, and what it does when it is full."""
    if url is None:
        return Finding("Redis", "ok", "not asked for: the cache is in the process (TWINSHOT_REDIS_URL)")
    from app.cache.redis import ask_server

    server = ask_server(url.get_secret_value())
    most = f"{server.used / 1e6:,.0f} of {server.most / 1e6:,.0f} MB" if server.most else "no maxmemory"
    said = f"{server.version} at {_without_password(url.get_secret_value())} answers, {most}, {server.policy}"
    if not server.most or server.policy == "noeviction":
        remedy = "set maxmemory and `maxmemory-policy allkeys-lru`: else it grows, or keeps nothing new once it is full"
        return Finding("Redis", "warning", said, remedy)
    return Finding("Redis", "ok", said)


def _shown(name: str, value: str) -> str:
    if SecretStr not in get_args(Settings.model_fields[name].annotation):
        return f"{name.upper()}={value}"
    return f"{name.upper()}={_without_password(value)}" if name.endswith("_url") else f"{name.upper()} (set, not shown)"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _reads(environment: Mapping[str, str]) -> bool:
    try:
        read_settings(environment)
    except SettingsError:
        return False
    return True
