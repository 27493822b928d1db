"""The owner's side of quiescing through Temporal (docs/quiesce-through-temporal.md): a worker with two activities, which
run two commands of the owner. It needs no rights in Kubernetes, and Stillpoint needs none in the application.

    pip install -r requirements.txt
    TEMPORAL_ADDRESS=127.0.0.1:7233 QUIESCE_TASK_QUEUE=quiesce/shop/orders \
    QUIESCE_COMMAND='...' UNQUIESCE_COMMAND='...' python3 worker.py

Run one of it for each queue: what it holds, it holds in its memory. Both commands may come twice.
"""

import asyncio
import os
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker


@dataclass
class Hold:
    until: float
    timer: asyncio.Task


held: dict[str, Hold] = {}
# One command at a time: an unquiesce never overtakes the quiesce that it ends.
turn = asyncio.Lock()


@activity.defn
async def quiesce(request: dict) -> dict:
    """`window` is the same in each call for one freeze: by retries, and by each sync that copies in it."""
    release_by = datetime.fromisoformat(request["releaseBy"].replace("Z", "+00:00")).timestamp()
    # As a duration from the call on, too, for a clock that is wrong.
    until = min(release_by, now() + request["freezeBoundMs"] / 1000)
    beat = asyncio.create_task(heartbeat())  # The way to hear of a cancellation.
    try:
        async with turn:
            if until <= now():
                raise ApplicationError(f"releaseBy {request['releaseBy']} has passed by this clock")
            hold(request["window"], until)  # First: from here on the application goes on by itself in time.
            await shell("QUIESCE_COMMAND")
            return {"quiescedAt": datetime.now(timezone.utc).isoformat()}
    finally:
        beat.cancel()


@activity.defn
async def unquiesce(request: dict) -> None:
    async with turn:
        await let_go(request["window"])


def hold(window: str, until: float) -> None:
    before = held.get(window)
    if before is not None:
        before.timer.cancel()
        until = max(until, before.until)
    # Temporal and Stillpoint may be dead by then: nobody else is asked.
    held[window] = Hold(until, asyncio.create_task(let_go_by_self(window, until)))


async def let_go(window: str) -> None:
    """Also for a window that is not known: this worker may have been restarted in between."""
    others = [other for other in held if other != window]
    if not others:  # Else another copy still needs the stillness.
        await shell("UNQUIESCE_COMMAND")
    hold_of_window = held.pop(window, None)
    if hold_of_window is not None and hold_of_window.timer is not asyncio.current_task():
        hold_of_window.timer.cancel()


async def let_go_by_self(window: str, until: float) -> None:
    await asyncio.sleep(max(0.0, until - now()))
    print(f"nobody has unquiesced the window {window} in time: the application goes on", flush=True)
    while window in held:
        try:
            async with turn:
                await let_go(window)
        except Exception as error:
            print(error, flush=True)
            await asyncio.sleep(1)


async def heartbeat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(1)


async def shell(name: str) -> None:
    process = await asyncio.create_subprocess_shell(os.environ[name])
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        process.kill()
        raise
    if code != 0:
        raise ApplicationError(f"{name} ended with code {code}")


def now() -> float:
    return datetime.now(timezone.utc).timestamp()


async def main() -> None:
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"], namespace=os.environ.get("TEMPORAL_NAMESPACE", "default")
    )
    worker = Worker(
        client,
        task_queue=os.environ["QUIESCE_TASK_QUEUE"],
        activities=[quiesce, unquiesce],
        default_heartbeat_throttle_interval=timedelta(seconds=1),
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await shell("UNQUIESCE_COMMAND")  # Whatever the worker before this one held, it holds no more.
    async with worker:
        print("worker ready", flush=True)
        await stop.wait()
    await shell("UNQUIESCE_COMMAND")
    for window in list(held):
        held.pop(window).timer.cancel()


asyncio.run(main())
