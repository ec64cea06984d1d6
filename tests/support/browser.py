"""A real Chromium, headless, spoken to by its own protocol: to look at a page as people do."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip


@dataclass(kw_only=True)
class Tab:
    """One page. heard: what the browser told of it, by name."""

    socket: aiohttp.ClientWebSocketResponse
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await self.socket.receive_json()
            if said.get("id") == number:
                assert "error" not in said, said
                return said["result"]
            if "method" in said:
                self.heard.append((said["method"], said["params"]))

    async def value(self, script: str) -> Any:
        found = await self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return found["result"].get("value")

    async def key(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    async def look(self, width: int, *, dark: bool, print_: bool = False) -> None:
        """Be a screen of that width."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", media="print" if print_ else "", features=[scheme])

    async def picture(self) -> bytes:
        """All of the page."""
        shot = await self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def show(self, file: Path) -> None:
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.ask(f"{domain}.enable")
        await self.ask("Page.navigate", url=file.as_uri())
        while await self.value("document.readyState") != "complete":
            await asyncio.sleep(0.02)

    def complaints(self) -> list[object]:
        """Errors and whatever was written to the console."""
        names = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [said for name, said in self.heard if name in names]

    def requests(self) -> list[str]:
        return [said["request"]["url"] for name, said in self.heard if name == "Network.requestWillBeSent"]


@asynccontextmanager
async def tab(home: Path) -> AsyncIterator[Tab]:
    """A browser of its own with one page."""
    assert CHROMIUM is not None
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *FLAGS, f"--user-data-dir={home}", "about:blank", stdin=nothing, stdout=nothing, stderr=nothing
    )
    try:
        port = await _port(home / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as reply:
                (page,) = [one for one in await reply.json() if one["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket=socket)
    finally:
        process.kill()
        await process.wait()


async def _port(file: Path) -> str:
    async with asyncio.timeout(60):
        while not (file.exists() and file.read_text()):
            await asyncio.sleep(0.05)
    return file.read_text().splitlines()[0]
