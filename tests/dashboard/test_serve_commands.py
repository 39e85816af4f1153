"""The commands from outside: exit codes, what they refuse, and that every mistake is one clear message."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.servers.mosquitto import free_port
from tests.servers.serving import Serving, alarmcore, serving
from tests.servers.town import town


def written(folder: Path, site: Any, name: str = "site.json") -> Path:
    path = folder / name
    path.write_text(site if isinstance(site, str) else json.dumps(site), "utf-8")
    return path


def refused(*arguments: str | Path, code: int = 2) -> str:
    """A command that must end with `code`; what it says."""
    done = alarmcore(*arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    return done.stderr


def serve(folder: Path, *arguments: str | Path) -> tuple[str | Path, ...]:
    return ("serve", "--data", folder / "data", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", *arguments)


def test_serving_without_a_site_is_refused(tmp_path: Path) -> None:
    assert "--site" in refused(*serve(tmp_path))


def test_a_site_file_with_mistakes_is_refused_with_all_of_them(tmp_path: Path) -> None:
    site = town()
    site["residents"][0]["rules"][0]["kind"] = "dance"
    site["chains"][0]["links"][0]["tell"] = ["contact:nobody"]
    said = refused(*serve(tmp_path, "--site", written(tmp_path, site)))
    assert "residents[0].rules[0].kind" in said
    assert "chains[0].links[0].tell" in said
    assert "Karin" not in said


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "version: 9\n", "\x00"])
def test_what_is_no_site_file_is_refused(tmp_path: Path, text: str) -> None:
    refused(*serve(tmp_path, "--site", written(tmp_path, text)))
    refused("check", "--site", written(tmp_path, text))


def test_a_site_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for command in (serve(tmp_path), ("check",), ("replay",)):
        refused(*command, "--site", tmp_path / "none.yaml", *(["-"] if command[0] == "replay" else []))
    refused(*serve(tmp_path, "--site", tmp_path))


def test_an_open_installation_is_refused_off_the_loopback(tmp_path: Path) -> None:
    site = written(tmp_path, town())
    for option in ("--http", "--mqtt"):
        said = refused(*serve(tmp_path, "--site", site, "--open", option, "0.0.0.0:0"))
        assert "--open" in said
    for host in ("[::]:0", "example.org:80"):
        refused(*serve(tmp_path, "--site", site, "--open", "--http", host))


@pytest.mark.parametrize("address", ["here", "127.0.0.1", ":8080", "127.0.0.1:99999", "127.0.0.1:x"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    site = written(tmp_path, town())
    assert "HOST:PORT" in refused(*serve(tmp_path, "--site", site, "--http", address))


@pytest.mark.parametrize("option", ["--http", "--mqtt"])
def test_a_port_that_is_taken_is_said(tmp_path: Path, option: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        where = f"127.0.0.1:{holder.getsockname()[1]}"
        said = refused(*serve(tmp_path, "--site", written(tmp_path, town()), option, where))
    assert where in said
    assert option in said


def test_a_centre_that_only_a_page_could_tell_is_refused_but_not_when_open(tmp_path: Path) -> None:
    site = town()
    site["units"][0]["channels"] = [{"kind": "console"}]
    said = refused(*serve(tmp_path, "--site", written(tmp_path, site)))
    assert "unit:centre" in said
    with serving(tmp_path / "open", site, opened=True) as service:
        assert "NO CREDENTIALS" in service.log


def test_half_of_the_mail_channel_is_refused(tmp_path: Path) -> None:
    site = written(tmp_path, town())
    assert "--smtp-sender" in refused(*serve(tmp_path, "--site", site, "--smtp-url", "smtp://127.0.0.1:25"))


def test_two_files_for_one_tenant_are_refused(tmp_path: Path) -> None:
    one, two = written(tmp_path, town(), "one.json"), written(tmp_path, town(), "two.json")
    assert "grastorp" in refused(*serve(tmp_path, "--site", one, "--site", two))


def test_data_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    blocked = written(tmp_path, "a file", "data")
    said = refused(*serve(tmp_path, "--site", written(tmp_path, town())))
    assert str(blocked) in said


def test_a_site_that_differs_from_what_is_stored_is_refused_with_the_difference_until_imported(tmp_path: Path) -> None:
    with serving(tmp_path, town()) as service:
        pass
    changed = town()
    changed["residents"][0]["rules"][0]["priority"] = "high"
    path = written(tmp_path, changed, "changed.json")
    said = refused(*serve(tmp_path, "--site", path))
    assert "priority" in said
    assert "import" in said
    assert "Karin" not in said
    done = alarmcore("import", "--data", service.data, "--yes", path)
    assert done.returncode == 0, done.stderr
    assert "priority" in done.stdout
    again = Serving(tmp_path, changed)
    try:
        again.start()
    finally:
        again.kill()
    exported = alarmcore("export", "--data", service.data, "--tenant", "grastorp")
    assert exported.returncode == 0
    assert alarmcore("check", "--site", written(tmp_path, exported.stdout, "out.yaml")).returncode == 0
    assert "nothing changes" in alarmcore("import", "--data", service.data, "--yes", tmp_path / "out.yaml").stdout


def test_a_centre_that_serve_will_refuse_is_said_by_check_and_by_import_in_the_same_words(tmp_path: Path) -> None:
    site = town()
    for unit in site["units"]:
        if unit["kind"] == "centre":
            unit["channels"] = [{"kind": "console"}]
    path, data = written(tmp_path, site), tmp_path / "data"
    checked = alarmcore("check", "--site", path)
    assert checked.returncode == 0
    imported = alarmcore("import", "--yes", "--data", data, path)
    assert imported.returncode == 0
    served = alarmcore("serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
    assert served.returncode == 2
    words = served.stderr.strip().splitlines()[-1].removeprefix("alarmcore: ")
    assert "no channel but the console" in words
    assert words in checked.stderr
    assert words in imported.stderr
    assert "WARNING" in imported.stderr
    fine = alarmcore("import", "--yes", "--data", data, written(tmp_path, town(), "fine.json"))
    assert "WARNING" not in fine.stderr + fine.stdout


def test_a_service_goes_on_without_its_site_file(tmp_path: Path) -> None:
    with serving(tmp_path, town()) as service:
        pass
    service.sites.clear()
    service.start()
    service.kill()


def test_options_may_be_variables(tmp_path: Path) -> None:
    env = os.environ | {"ALARMCORE_HTTP": "nonsense"}
    done = alarmcore("serve", "--data", tmp_path / "data", env=env)
    assert done.returncode == 2
    assert "HOST:PORT" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "operator"),
        ("token", "operator", "--tenant", "Grästorp"),
        ("token", "device", "grastorp"),
        ("token", "device", "grastorp/"),
        ("token", "device", "grastorp/Ö"),
        ("token", "device", "/x"),
        ("export", "--tenant", "nowhere"),
        ("token", "webhook", "--tenant", "nowhere!"),
        ("dance",),
        ("serve", "--dance"),
    ],
)
def test_what_a_command_cannot_use_is_wrong_input(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    data = () if arguments[0] == "dance" or "--dance" in arguments else ("--data", tmp_path / "data")
    refused(*arguments, *data)


@pytest.mark.parametrize("command", [("migrate",), ("move",), ("migrate", "--database", "mysql://a:hemligt@x/y"), ("backup",)])
def test_a_command_for_a_database_says_what_it_lacks(command: tuple[str, ...]) -> None:
    said = refused(*command)
    assert "--database" in said or "postgresql://" in said or "FILE" in said
    assert "hemligt" not in said


def test_a_database_that_does_not_answer_is_a_failure_and_its_password_is_not_said(tmp_path: Path) -> None:
    url = f"postgresql://alarmcore:hemligt@127.0.0.1:{free_port()}/alarmcore"
    said = refused("token", "operator", "--tenant", "grastorp", "--database", url, code=1)
    assert "127.0.0.1" in said
    done = alarmcore("check", env=os.environ | {"ALARMCORE_DATABASE": url})
    assert done.returncode == 1
    assert "error: " in done.stdout
    assert "hemligt" not in said + done.stdout + done.stderr


EITHER = [
    ("backup", "x.backup"),
    ("restore", "x.backup"),
    ("check",),
    ("serve",),
    ("export", "--tenant", "grastorp"),
    ("import", "x.yaml"),
    ("token", "list", "--tenant", "grastorp"),
]


@pytest.mark.parametrize("command", EITHER, ids=lambda command: command[0])
def test_variables_that_name_a_folder_and_a_database_are_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    url = f"postgresql://alarmcore:hemligt@127.0.0.1:{free_port()}/alarmcore"
    env = os.environ | {"ALARMCORE_DATA": str(tmp_path / "data"), "ALARMCORE_DATABASE": url}
    done = alarmcore(*command, env=env)
    assert done.returncode == 2
    assert "ALARMCORE_DATA and ALARMCORE_DATABASE" in done.stderr
    assert "hemligt" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_what_stands_on_the_command_line_wins_over_a_variable_and_that_is_said(tmp_path: Path) -> None:
    url = f"postgresql://alarmcore:hemligt@127.0.0.1:{free_port()}/alarmcore"
    env = os.environ | {"ALARMCORE_DATA": str(tmp_path / "variable"), "ALARMCORE_DATABASE": url}
    folder = alarmcore("export", "--tenant", "nowhere", "--data", tmp_path / "typed", env=env)
    assert "known are: none" in folder.stderr, "it looked into the folder"
    assert "ALARMCORE_DATABASE is left out" in folder.stderr
    database = alarmcore("export", "--tenant", "nowhere", "--database", url, env=env)
    assert "cannot be" in database.stderr or "can be written to" in database.stderr
    assert "ALARMCORE_DATA" in database.stderr
    assert "hemligt" not in folder.stderr + database.stderr
    assert not (tmp_path / "variable").exists()


def test_a_site_goes_into_a_database_and_out_again(tmp_path: Path, empty_database_url: str) -> None:
    where = ("--database", empty_database_url)
    assert "migrate" in refused("export", "--tenant", "grastorp", *where)
    assert alarmcore("migrate", "--yes", *where).returncode == 0
    file = written(tmp_path, town())
    assert alarmcore("import", "--yes", *where, file).returncode == 0
    exported = alarmcore("export", "--tenant", "grastorp", *where)
    assert exported.returncode == 0
    again = written(tmp_path, exported.stdout, "again.yaml")
    assert "nothing changes" in alarmcore("import", "--yes", *where, again).stdout


def test_a_tenant_that_is_not_set_up_gets_no_secret_once_others_are(tmp_path: Path) -> None:
    with serving(tmp_path, town()) as service:
        said = refused("token", "operator", "--tenant", "tanum", "--data", service.data)
        assert "grastorp" in said
        made = alarmcore("token", "administrator", "--tenant", "grastorp", "--data", service.data)
        assert made.returncode == 0
        with service.client(made.stdout.strip()) as client:
            assert client.get("/api/v1/alarms").status_code == 200
        pendant = alarmcore("token", "device", "grastorp/pendant-1", "--data", service.data)
        with service.client(pendant.stdout.strip()) as device:
            assert device.post("/api/v1/readings", json={"kind": "heartbeat"}).status_code == 200


def test_checking_a_good_site_and_the_machine_ends_with_zero(tmp_path: Path) -> None:
    assert alarmcore("check", "--site", written(tmp_path, town())).returncode == 0
    done = alarmcore("check", "--data", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "durable commit" in done.stdout
    assert alarmcore("--version").returncode == 0
    assert alarmcore("--help").returncode == 0
