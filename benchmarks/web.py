"""The cockpit's cost: memory, pages a second, and the server's share of a core for live lines.

``./dev bench web [--seconds 10] [--json]``: the application over in-memory samples, served by
uvicorn on loopback in a process of its own; one client. Live: 10 signals x 500 Hz in 20 frames/s.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time

import httpx
import psutil

PAGES = ("/", "/loops/loop-0009", "/plan", "/machines", "/trade", "/api/v1/plan")
SIGNALS = tuple(range(1, 11))
FRAMES_S = 20
POINTS = 25


def serve(pipe):
    import hanse.web  # noqa: F401

    imported_mb = psutil.Process().memory_info().rss / 1e6
    from tests.e2e.server import Served, free_port
    from tests.unit.web import samples
    from tests.unit.web.visitors import add_user, session_for

    node = Served(free_port())

    async def live(signals):
        at, due = samples.T0.timestamp(), time.perf_counter()
        while True:
            yield samples.series(signals, at, POINTS, 1 / (FRAMES_S * POINTS))
            at, due = at + 1 / FRAMES_S, due + 1 / FRAMES_S
            await asyncio.sleep(max(0, due - time.perf_counter()))

    node.ports.machines.live = live
    session_for(node, add_user(node, "owner"))
    pipe.send((node.base, imported_mb))
    node.server.run()


def pages(base, cookie, seconds):
    rows = []
    with httpx.Client(base_url=base, headers={"cookie": cookie}) as client:
        for path in PAGES:
            times, until = [], time.perf_counter() + seconds / len(PAGES)
            while time.perf_counter() < until:
                start = time.perf_counter()
                answer = client.get(path)
                times.append(time.perf_counter() - start)
                assert answer.status_code == 200, (path, answer.status_code)
            p99 = sorted(times)[int(len(times) * 0.99)] * 1e3
            rows.append(
                {
                    "path": path,
                    "p50_ms": round(statistics.median(times) * 1e3, 2),
                    "p99_ms": round(p99, 2),
                    "kB": round(len(answer.content) / 1e3, 1),
                }
            )
    return rows


async def live_share(base, cookie, seconds, process):
    from websockets.asyncio.client import connect

    ids = ",".join(map(str, SIGNALS))
    url = f"{base.replace('http', 'ws')}/live/signals?ids={ids}&back_s=1"
    frames, size = 0, 0
    async with connect(url, additional_headers={"cookie": cookie, "origin": base}) as socket:
        await socket.recv()
        before, start = process.cpu_times(), time.perf_counter()
        while time.perf_counter() - start < seconds:
            size += len(await socket.recv())
            frames += 1
        after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    points = frames * POINTS * len(SIGNALS)
    return {
        "cpu_pct": round(100 * spent / seconds, 1),
        "points_s": round(points / seconds),
        "kB_s": round(size / 1e3 / seconds, 1),
    }


def run(seconds):
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    child.start()
    base, imported_mb = ours.recv()
    process = psutil.Process(child.pid)
    cookie = f"hanse-{base.rpartition(':')[2]}=secret-of-owner"
    for _ in range(100):
        try:
            httpx.get(f"{base}/healthz")
            break
        except httpx.ConnectError:
            time.sleep(0.1)
    rows = pages(base, cookie, seconds)
    live = asyncio.run(live_share(base, cookie, seconds, process))
    rss_mb = process.memory_info().rss / 1e6
    child.terminate()
    return {"imported_mb": round(imported_mb), "rss_mb": round(rss_mb), "pages": rows, "live": live}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = run(options.seconds)
    if options.json:
        print(json.dumps(found))
        return
    print(f"import {found['imported_mb']} MB, after the run {found['rss_mb']} MB")
    for row in found["pages"]:
        print(
            f"{row['path']:22} p50 {row['p50_ms']:7} ms  p99 {row['p99_ms']:7} ms  {row['kB']} kB"
        )
    print("live", found["live"])


if __name__ == "__main__":
    main()
