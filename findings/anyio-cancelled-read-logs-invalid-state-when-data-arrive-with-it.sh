#!/bin/sh
# anyio 4.16.0 on asyncio: a read on a UNIX socket stream that is cancelled in the same turn of the event loop in which
# its data arrive leaves a traceback in the log: "Exception in callback ... set_result", InvalidStateError.
#
# One would expect a cancelled read to be silent, as it is with asyncio's own loop.sock_recv. anyio registers
# `future.set_result` itself as the reader's callback; cancelling marks the future done at once, while the reader is
# removed one turn later only. So each client of an HTTP proxy built on httpcore's UNIX sockets that hangs up at the
# wrong moment puts a traceback in its log. Nothing is lost and no exception reaches the caller.
#
# Output seen: anyio: ['InvalidStateError'] asyncio: []
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install anyio==4.16.0
cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import socket
from pathlib import Path
from sys import argv

import anyio

errors: list[str] = []


async def at_once(read, other: socket.socket) -> list[str]:
    """Cancel a read in the turn in which the loop finds data for it."""
    loop = asyncio.get_running_loop()
    errors.clear()
    loop.set_exception_handler(lambda _, told: errors.append(type(told["exception"]).__name__))
    task = asyncio.create_task(read())
    for _ in range(5):
        await asyncio.sleep(0)
    other.send(b"x")
    loop.call_soon(task.cancel)
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.01)
    return list(errors)


async def main(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        stream = await anyio.connect_unix(path)
        by_anyio = await at_once(stream.receive, listener.accept()[0])
        with socket.socket(socket.AF_UNIX) as plain:
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, str(path))
            by_asyncio = await at_once(
                lambda: asyncio.get_running_loop().sock_recv(plain, 100), listener.accept()[0]
            )
    print("anyio:", by_anyio, "asyncio:", by_asyncio)
    assert (by_anyio, by_asyncio) == (["InvalidStateError"], [])


asyncio.run(main(Path(argv[1])))
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" "$folder/socket"
