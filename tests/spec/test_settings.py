"""Settings: where they come from, which source wins, and what a wrong one is answered with."""

from pathlib import Path

import pytest

from domain.profile import Profile
from entrypoints import configuration
from entrypoints.settings import Settings
from entrypoints.settings.reading import SettingsInvalid
from entrypoints.settings.variables import variables


def refusal(**environ):
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environ({f"RS_DOWNLOADER_{name}": value for name, value in environ.items()})
    return str(refused.value)


def a_file(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return {"RS_DOWNLOADER_CONFIG": str(path)}


def test_nothing_has_to_be_set():
    settings = Settings.from_environ({})

    assert (settings.host, settings.port) == ("127.0.0.1", 9053)
    assert settings.resolved_database_url.endswith("/.data/rs-downloader.db")
    assert settings.jwt_secret == ""


def test_every_setting_has_a_variable_with_the_prefix():
    assert variables(Settings)["slot_wait_seconds"] == "RS_DOWNLOADER_SLOT_WAIT_SECONDS"


def test_the_command_line_beats_the_environment_which_beats_the_file(tmp_path):
    environ = a_file(tmp_path, "[rs-downloader]\nport = 1\nhost = '0.0.0.0'\nmax-connections = 3\n")
    environ |= {"RS_DOWNLOADER_PORT": "2", "RS_DOWNLOADER_HOST": "::1"}

    settings = Settings.from_environ(environ, overrides={"port": 4, "host": None})

    assert (settings.port, settings.host, settings.max_connections) == (4, "::1", 3)


def test_a_relative_folder_in_the_file_is_beside_the_file(tmp_path):
    assert Settings.from_environ(a_file(tmp_path, "[rs-downloader]\ndata-dir = 'd'\n")).data_dir == tmp_path / "d"


def test_a_misspelt_variable_is_refused_with_the_nearest_name():
    assert refusal(POTR="1") == "RS_DOWNLOADER_POTR is not a setting. Did you mean RS_DOWNLOADER_PORT?"


def test_a_misspelt_name_in_the_file_is_refused(tmp_path):
    with pytest.raises(SettingsInvalid, match="prot"):
        Settings.from_environ(a_file(tmp_path, "[rs-downloader]\nprot = 1\n"))


def test_a_file_that_is_not_toml_or_not_there_is_named_by_its_variable(tmp_path):
    with pytest.raises(SettingsInvalid, match=r"^RS_DOWNLOADER_CONFIG: "):
        Settings.from_environ(a_file(tmp_path, "[rs-downloader\n"))
    assert refusal(CONFIG="/nowhere.toml") == "RS_DOWNLOADER_CONFIG: there is no file /nowhere.toml."


def test_a_wrong_value_is_refused_by_its_variable_and_all_at_once():
    assert refusal(PORT="tcp://10.0.0.1:80") == "RS_DOWNLOADER_PORT must be a whole number."
    assert refusal(PORT="70000", CHUNK_BYTES="0", LOG_LEVEL="loud") == (
        "RS_DOWNLOADER_LOG_LEVEL is one of debug, info, warning, error, not 'loud'. "
        "RS_DOWNLOADER_CHUNK_BYTES must be at least 4096, but is 0. "
        "RS_DOWNLOADER_PORT must be at most 65535, but is 70000."
    )


def test_a_value_that_is_no_number_at_all_is_refused():
    assert "RS_DOWNLOADER_LEASE_SECONDS must be at least" in refusal(LEASE_SECONDS="nan")


def test_one_lost_renewal_may_not_end_a_transfer():
    assert "RS_DOWNLOADER_RENEW_SECONDS (5.0) must be at most a third" in refusal(LEASE_SECONDS="14")


def test_a_secret_is_never_shown():
    secret = "a-signing-key-that-nobody-sees"
    settings = Settings.from_environ(
        {"RS_DOWNLOADER_JWT_SECRET": secret, "RS_DOWNLOADER_DATABASE_URL": f"postgresql+psycopg://u:{secret}@h/d"}
    )

    assert secret not in repr(settings)
    assert settings.resolved_database_url == f"postgresql+psycopg://u:{secret}@h/d"


def test_variables_of_others_are_left_alone():
    Settings.from_environ(
        {
            "HOME": "/root",
            "RS_DOWNLOADER_TEST_POSTGRES_URL": "x",
            "RS_DOWNLOADER_SERVICE_HOST": "10.0.0.1",
            "RS_DOWNLOADER_PORT_9053_TCP_ADDR": "10.0.0.1",
            "RS_DOWNLOADER_TENANT": "demo",
        },
        also_known={"RS_DOWNLOADER_TENANT"},
    )


def test_the_documentation_lists_every_variable_as_it_is():
    page = (Path(__file__).parents[2] / "docs/configuration.md").read_text()

    assert configuration.in_page(page) == page, "run: make docs"


def test_a_process_has_every_profile_unless_told_otherwise():
    assert Settings.from_environ({}).active_profiles == set(Profile)
    assert Settings.from_environ({"RS_DOWNLOADER_PROFILES": " storage, downloader"}).active_profiles == {
        Profile.STORAGE,
        Profile.DOWNLOADER,
    }
    assert "'catalogue' is no profile" in refusal(PROFILES="catalogue")
    assert "at least one profile" in refusal(PROFILES=" , ")


def test_networks_of_proxies_are_listed_and_checked() -> None:
    environ = {"RS_DOWNLOADER_TRUSTED_PROXIES": " 10.0.0.0/8, ::1 "}
    assert Settings.from_environ(environ).proxy_networks == ("10.0.0.0/8", "::1")
    assert "no network of proxies" in refusal(TRUSTED_PROXIES="nginx")


def test_a_front_door_alone_must_be_told_who_delivers():
    environ = {"RS_DOWNLOADER_PROFILES": "catalog", "RS_DOWNLOADER_DOWNLOADERS": "http://a:1/, https://b/x,http://a:1"}

    assert "RS_DOWNLOADER_DOWNLOADERS must name the instances" in refusal(PROFILES="catalog,storage")
    assert Settings.from_environ(environ).downloader_urls == ("http://a:1", "https://b/x")


@pytest.mark.parametrize(
    "url",
    ["a:1", "//a", "ftp://a", "http://", "http://a:x", "http://a:99999", "http://u:hush@a", "http://a?b", "http://a#b",
     "http://\u0430"],
)  # fmt: skip
def test_who_delivers_is_named_by_base_urls_and_a_password_is_not_quoted(url):
    said = refusal(PROFILES="catalog", DOWNLOADERS=f"http://a:1,{url}")

    assert said.startswith("RS_DOWNLOADER_DOWNLOADERS: ")
    assert "hush" not in said
