"""The environment is read in one place, and nonsense in it is refused by name."""

from pathlib import Path

import pytest

from app.settings import Settings, SettingsError, read_settings, unknown_variables

KEY = "a-key-of-sixteen-or-more"


def test_only_the_bundle_folder_must_be_set() -> None:
    settings = read_settings({"TWINSHOT_BUNDLES": "/bundles"})
    assert settings.bundles == Path("/bundles")
    assert (settings.host, settings.port, settings.device) == ("127.0.0.1", 8000, "cpu")
    assert settings.index_device == "cpu"
    assert settings.threads >= 1


def test_folders_are_known_from_the_root_wherever_the_service_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("state").mkdir()
    settings = read_settings({"TWINSHOT_BUNDLES": "./shop/bundles", "TWINSHOT_STATE": "state"})
    assert (settings.bundles, settings.state) == (tmp_path / "shop" / "bundles", tmp_path / "state")


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = read_settings({"TWINSHOT_BUNDLES": "b", "TWINSHOT_READ_KEY": "", "TWINSHOT_REDIS_URL": ""})
    assert settings.read_key is None
    assert settings.redis_url is None


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("BUNDLES", "", "TWINSHOT_BUNDLES is not set"),
        ("PORT", "tcp://10.0.0.1:80", "TWINSHOT_PORT=tcp://10.0.0.1:80"),
        ("PORT", "0", "TWINSHOT_PORT=0"),
        ("PORT", "65536", "TWINSHOT_PORT=65536"),
        ("DEVICE", "gpu", "'cpu' or 'cuda'"),
        ("INDEX_DEVICE", "gpu", "'cpu' or 'cuda'"),
        ("REDIS_URL", "http://redis", "redis://HOST:PORT/DATABASE"),
        ("READ_KEY", "short", "at least 16"),
        ("READ_KEY", "a key with spaces in", "without spaces"),
        ("WRITE_KEY", "schlüsselschlüssel", "ASCII"),
        ("STATE", "/nowhere/at/all", "TWINSHOT_STATE=/nowhere/at/all"),
        ("CORS_ORIGINS", "shop.example", "shop.example is no origin as browsers send it; write https://HOST"),
        ("CORS_ORIGINS", "https://a.example,https://b.example/", "write https://b.example"),
        ("CORS_ORIGINS", "https://A.example:443", "write https://a.example"),
        ("CORS_ORIGINS", "https://user@a.example/x?y#z", "write https://a.example"),
        ("CORS_ORIGINS", "https://a.example,*", "* alone"),
        ("CORS_ORIGINS", "https://*.example", "* alone"),
        ("CORS_ORIGINS", "https://a.example:port", "https://HOST:PORT"),
        ("CORS_ORIGINS", "null", "null is no origin"),
        ("READ_RATE", "0", "TWINSHOT_READ_RATE=0"),
        ("WRITE_RATE", "0.5", "TWINSHOT_WRITE_RATE=0.5"),
        ("THREADS", "0", "TWINSHOT_THREADS=0"),
        ("LOG_FORMAT", "xml", "TWINSHOT_LOG_FORMAT=xml: must be 'json' or 'text'"),
        ("ACCESS_LOG", "yes", "'on' or 'off'"),
        ("TRACES", "1", "TWINSHOT_TRACES=1"),
        ("BODY_GRACE", "nan", "TWINSHOT_BODY_GRACE=nan"),
        ("CACHE_TTL", "0", "TWINSHOT_CACHE_TTL=0"),
        ("MAX_BODY_BYTES", "999999999", "TWINSHOT_MAX_BUFFERED_BYTES"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name_and_in_one_line(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"TWINSHOT_BUNDLES": "b", f"TWINSHOT_{variable}": value})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_origins_are_a_list_with_commas() -> None:
    given = {
        "TWINSHOT_BUNDLES": "b",
        "TWINSHOT_CORS_ORIGINS": " https://a.example, http://localhost:3000,http://[::1]:5 ",
    }
    assert read_settings(given).cors_origins == ("https://a.example", "http://localhost:3000", "http://[::1]:5")
    assert read_settings({**given, "TWINSHOT_CORS_ORIGINS": "*"}).cors_origins == ("*",)
    assert read_settings({**given, "TWINSHOT_CORS_ORIGINS": ""}).cors_origins is None


def test_one_key_for_reading_and_writing_is_refused() -> None:
    with pytest.raises(SettingsError, match="use two keys"):
        read_settings({"TWINSHOT_BUNDLES": "b", "TWINSHOT_READ_KEY": KEY, "TWINSHOT_WRITE_KEY": KEY})


def test_a_refused_key_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"TWINSHOT_BUNDLES": "b", "TWINSHOT_READ_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert KEY not in repr(read_settings({"TWINSHOT_BUNDLES": "b", "TWINSHOT_READ_KEY": KEY}))


def test_a_misspelt_variable_is_found() -> None:
    given = {"TWINSHOT_REDISURL": "x", "TWINSHOT_PORT": "1", "TWINSHOT_SHARED": "data", "HOME": "/"}
    assert unknown_variables(given) == ["TWINSHOT_REDISURL"]


def test_every_setting_is_documented_with_its_default() -> None:
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| `TWINSHOT_")}
    assert set(rows) == {f"`TWINSHOT_{name.upper()}`" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default is not None and not field.is_required() and field.default_factory is None:
            default = field.default
            shown = f"{default:,}" if isinstance(default, int) and default >= 10_000 and name != "port" else default
            assert f"`{shown}`" in rows[f"`TWINSHOT_{name.upper()}`"]
