"""``hanse demo`` for people: the chain runs, pages open, the story plays."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import webbrowser
from collections.abc import Callable
from pathlib import Path

from hanse.model.errors import HanseError
from hanse.node.chain.lay import Laid, Wishes, lay
from hanse.node.chain.owners import sign_in_links
from hanse.node.chain.running import RunningChain
from hanse.node.chain.story import play
from hanse.node.world import RealClock
from hanse.sim.chain import Chain, read_chain

PLAYED = "played"
LOOK_S = 8.0


async def show(folder: Path, wishes: Wishes, *, say: Callable[[str], None], browser: bool) -> None:
    """Run the chain until Ctrl-C; started again in the same folder it goes on where it was."""
    clock, chain = RealClock(), read_chain()
    laid = lay(chain, folder, clock, wishes)
    links = await asyncio.to_thread(sign_in_links, laid)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    say(f"Starting {len(laid.folders)} firms in {folder} ...")
    async with RunningChain(folder, laid, clock) as running:
        telling = asyncio.create_task(_tell_all(running, (chain, links), wishes, say))
        page = links[chain.story.buyer] if browser else ""
        opening = asyncio.create_task(_open_page(running, page))
        await stop.wait()
        telling.cancel()
        opening.cancel()
        say("Stopping ...")


async def _open_page(running: RunningChain, link: str) -> None:
    if not link:
        return
    await running.ready()
    with contextlib.suppress(webbrowser.Error):
        await asyncio.to_thread(webbrowser.open, link)


async def _tell_all(
    running: RunningChain,
    what: tuple[Chain, dict[str, str]],
    wishes: Wishes,
    say: Callable[[str], None],
) -> None:
    """Say where the pages are as soon as they answer, then play the story."""
    chain, links = what
    try:
        await running.ready()
    except HanseError as error:
        say(str(error))
        return
    _tell(chain, links, say)
    await _play(chain, running.laid, wishes, say)


def _tell(chain: Chain, links: dict[str, str], say: Callable[[str], None]) -> None:
    say("\nEvery firm is ready. Open a page (each link signs you in once; the certificate is")
    say("the node's own, so the browser will ask):\n")
    for key, link in links.items():
        say(f"  {chain.firms[key].name.en:24} {link}")
    say(f"\nAll of them on one page: {links[chain.story.buyer]} opens on /chain.")
    say("Each has its loops under /loops, machines under /machines. Ctrl-C ends everything.\n")


async def _play(chain: Chain, laid: Laid, wishes: Wishes, say: Callable[[str], None]) -> None:
    """The story, once a folder: a second start goes on with what is there."""
    mark = Path(laid.folders[chain.story.buyer]) / "run" / PLAYED
    if mark.exists():
        say("The story was played here before; --fresh begins anew.")
        return
    await asyncio.sleep(LOOK_S)
    say("The pump works asks for shafts ...")
    try:
        told = await play(chain, laid, wishes)
    except HanseError as error:
        say(str(error))
        return
    mark.touch()
    for step in told.steps:
        say(f"  {step.at_s:9.3f} s  {step.node:15} {step.text_en}")
    say(f"\nFrom the failing value to the customer told: {told.loop_s:.3f} s")
