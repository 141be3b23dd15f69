"""`capexrisk serve`: what it says, and what it refuses before it starts.

xlwings Server is licensed for noncommercial use here (the key "noncommercial"), which is what these tests are.
"""

import http.client
import os
import socket
import ssl
import subprocess
import sys
from importlib.resources import files

import pytest
from web import free_port, require, serving

from capexrisk import InputError
from capexrisk_addin.server import licence
from capexrisk_addin.server.address import Address

WITHOUT_KEY = {name: value for name, value in os.environ.items() if name != licence.VARIABLE}


def serve(*options, environment=WITHOUT_KEY, folder=None):
    """The exit code and the words of a `capexrisk serve` that does not come to serve."""
    command = [sys.executable, "-m", "capexrisk_addin.cli", "serve", "--port", str(free_port()), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_help_says_the_licence():
    code, said = serve("--help")
    assert code == 0 and licence.SENTENCE in " ".join(said.split())


def test_without_a_licence_key_it_says_what_to_do(tmp_path):
    require("server")
    code, said = serve(environment={**WITHOUT_KEY, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)})
    assert code == 1 and said.startswith("capexrisk: ") and said.count("\n") == 1
    assert licence.SENTENCE in said and "--noncommercial" in said and licence.VARIABLE in said


def test_a_wrong_licence_key_is_a_sentence(tmp_path):
    require("server")
    code, said = serve(environment={**WITHOUT_KEY, licence.VARIABLE: "nonsense"})
    assert code == 1 and "Invalid xlwings license key" in said and said.count("\n") == 1


def test_without_the_extra_it_says_how_to_get_it(tmp_path):
    tmp_path.joinpath("sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'xlwings_server' else find(name, *more)\n"
    )
    code, said = serve("--noncommercial", environment={**WITHOUT_KEY, "PYTHONPATH": str(tmp_path)})
    assert code == 1 and 'pip install "capexrisk[server]"' in said and licence.SENTENCE in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--host", "0.0.0.0"), "Listening on 0.0.0.0 needs --url"),
        (("--host", "::"), "Listening on :: needs --url"),
        (("--certificate", "here.pem"), "--certificate and --key belong together"),
        (("--certificate", "none.pem", "--key", "none.pem"), "none.pem cannot be read"),
        (("--url", "capex.bank.example"), "'capex.bank.example' is not an address of a server"),
        (("--workers", "0"), "Invalid value"),
        (("--policy", "none.toml"), "none.toml"),
    ],
)
def test_wrong_options_are_refused(tmp_path, options, part):
    require("server")
    code, said = serve("--noncommercial", *options, folder=tmp_path)
    assert code == 2 and part in said and "Traceback" not in said


def test_a_port_that_is_taken_is_said():
    require("server")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = serve("--noncommercial", "--port", str(taken.getsockname()[1]))
    assert code == 1 and "cannot be used" in said and "--port" in said and said.count("\n") == 1


def test_it_greets_with_its_addresses_and_the_licence_and_is_on_this_machine_only():
    require("server")
    with serving() as server:
        assert f"{server.url}/manifest.xml" in server.log and f"{server.url}/health" in server.log
        assert licence.SENTENCE in server.log and "HTTPS" in server.log
        with socket.socket() as elsewhere, pytest.raises(OSError):
            elsewhere.connect((own_address(), server.port))


def own_address() -> str:
    """This machine's address in its network, or an address of the loopback network that is not 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # sends nothing
            return trial.getsockname()[0]
        except OSError:
            return "127.0.0.2"


def test_a_server_for_others_warns_that_nobody_is_asked_who_they_are():
    require("server")
    with serving("--host", "0.0.0.0", "--url", "https://capex.bank.example") as server:
        assert "Nobody is asked who they are" in server.log
    with serving(
        "--host", "0.0.0.0", "--url", "https://capex.bank.example", environment={"XLWINGS_AUTH_PROVIDERS": '["custom"]'}
    ) as server:
        assert "Nobody is asked" not in server.log


def test_a_module_in_the_folder_it_is_started_in_stands_in_for_nothing(tmp_path):
    """xlwings Server imports such modules by bare names, and reads such files from a project's folder."""
    require("server")
    trap = "print('the trap was sprung', flush=True)\n"
    for name in ("custom_functions", "custom_scripts", "config", "lifespan", "routers"):
        tmp_path.joinpath(f"{name}.py").write_text(trap)
    tmp_path.joinpath(".env").write_text("XLWINGS_FUNCTIONS_NAMESPACE=TRAP\nXLWINGS_PROJECT_NAME=Trap\n")
    with serving(environment={"PYTHONPATH": str(tmp_path)}, folder=tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/xlwings/custom-functions-meta.json")
        assert b"CAPEX_SCORE" in connection.getresponse().read()
        assert "trap" not in server.log.lower()


def test_it_serves_https_with_a_certificate(tmp_path):
    require("server")
    certificate, key = tmp_path / "here.pem", tmp_path / "here.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made = [*command, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run(made, check=True, capture_output=True)
    with serving("--certificate", str(certificate), "--key", str(key), secure=certificate) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("localhost", server.port, context=context)
        connection.request("GET", "/manifest.xml")
        assert f"https://localhost:{server.port}/taskpane.html" in connection.getresponse().read().decode()
        assert "HTTPS only" not in server.log


@pytest.mark.parametrize(
    "url",
    ["", "bank.example", "ftp://bank.example", "https://", "https://bank.example/x", "https://a@bank.example",
     "https://bank.example?a=1", "https://bank.example:0", "https://bank.example:99999", "https://[::1"],
)  # fmt: skip
def test_an_address_is_scheme_host_and_port_and_nothing_else(url):
    with pytest.raises(InputError, match="is not an address of a server"):
        Address.of(url)


def test_an_address_may_end_in_a_slash_and_be_in_capitals():
    assert str(Address.of("https://Capex.Bank.example:8443/")) == "https://capex.bank.example:8443"


def test_nothing_of_xlwings_server_is_among_our_files():
    """It has a licence of its own."""
    project = files("capexrisk_addin.server").joinpath("project")
    names = [path.name for path in _files(project)]
    assert "taskpane.html" in names and "capexrisk-32.png" in names
    for path in _files(project):
        text = path.read_bytes().lower()
        assert b"zoomer" not in text and b"polyform" not in text


def _files(folder):
    for path in folder.iterdir():
        yield from _files(path) if path.is_dir() else (path,)
