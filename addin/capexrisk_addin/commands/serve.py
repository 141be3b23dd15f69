"""`capexrisk serve`: the server add-in for Excel on the web, on the Mac and on Windows."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from capexrisk_addin.commands.common import FAILED, USAGE, PolicyOption, stop
from capexrisk_addin.server import licence

SERVE_HELP = f"""Serve the functions and the task pane to Excel on the web, on the Mac and on Windows.

{licence.SENTENCE}

Users are authenticated as the variables XLWINGS_AUTH_PROVIDERS and XLWINGS_AUTH_… say (Microsoft Entra ID, or your
own); without them anyone who reaches the address can call the functions. The server stores nothing of what it is sent.
"""


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 127.0.0.1 is this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8765,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="How people reach the server, such as https://capex.bank.example."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The TLS certificate (PEM); Excel asks for HTTPS.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's private key (PEM).")] = None,
    workers: Annotated[int, typer.Option(help="How many processes answer.", min=1, max=64)] = 1,
    noncommercial: Annotated[
        bool, typer.Option("--noncommercial", help="Say that your use of xlwings Server is noncommercial.")
    ] = False,
    policy: PolicyOption = None,
) -> None:
    """Serve the server add-in; `SERVE_HELP` is its help."""
    from capexrisk import InputError
    from capexrisk_addin.server import address, hosting

    if (certificate is None) != (key is None):
        stop("--certificate and --key belong together; give both or none.", USAGE)
    _check_readable(certificate, key)
    loopback = address.is_loopback(host)
    if url is None and not loopback:
        stop(f"Listening on {host} needs --url, the address by which people reach the server.", USAGE)
    try:
        public = address.Address.of(url or f"{'https' if certificate else 'http'}://localhost:{port}")
    except InputError as error:
        stop(str(error), USAGE)
    if noncommercial:
        os.environ[licence.VARIABLE] = licence.NONCOMMERCIAL
    try:
        hosting.prepare()
    except hosting.HostingError as error:
        stop(str(error), FAILED)
    _check_free(host, port)
    os.environ[address.VARIABLE] = str(public)  # worker processes read it

    import uvicorn

    for line in _greeting(public, loopback):
        print(line, flush=True)
    uvicorn.run(
        "capexrisk_addin.server.application:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        ssl_certfile=certificate,
        ssl_keyfile=str(key) if key else None,
        log_level=os.environ["XLWINGS_LOG_LEVEL"].lower(),
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )


def _greeting(public: object, loopback: bool) -> list[str]:
    from capexrisk_addin.server.address import Address

    assert isinstance(public, Address)
    lines = [
        f"Capex risk for Excel: {public}",
        f"  manifest to install  {public}/manifest.xml",
        f"  health               {public}/health",
    ]
    if not public.secure:
        lines.append("Excel loads add-ins over HTTPS only: give --certificate and --key, or a proxy's --url https://….")
    if not loopback and not os.environ.get("XLWINGS_AUTH_PROVIDERS"):
        lines.append("Nobody is asked who they are: anyone who reaches this address can call the functions.")
    return [*lines, licence.SENTENCE, "Press Ctrl+C to stop."]


def _check_readable(*files: Path | None) -> None:
    for path in files:
        if path is not None:
            try:
                path.read_bytes()
            except OSError as error:
                stop(f"{path} cannot be read: {error.strerror}.", USAGE)


def _check_free(host: str, port: int) -> None:
    """Say at once that a port is taken; a server in worker processes would say so again and again."""
    try:
        kind = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
            trial.bind((host, port))
    except OSError as error:
        stop(
            f"The address {host}:{port} cannot be used: {error.strerror}. Choose another with --port or --host.", FAILED
        )


serve.__doc__ = SERVE_HELP
