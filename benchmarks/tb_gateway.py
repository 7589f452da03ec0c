"""thingsboard-gateway on the hop of `benchmarks.collect`: its OPC UA connector to a local broker.

It runs in a virtual environment of its own under ``.dev``, with what it would install by itself
while it runs (asyncua 1.1.5, its MQTT client) installed beforehand, and with its rate limits taken
away, as a server of its own would: the little there is of one here answers the one question that a
gateway asks at its start, and notes what comes. Its storage is the one it comes with, memory.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiomqtt
import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".dev" / "tb-gateway"
PACKAGES = ("thingsboard-gateway==3.8.5", "asyncua==1.1.5", "tb-mqtt-client==1.13.13")
INSTALL_S_MAX, READY_S_MAX, DRAIN_S_MAX = 240.0, 90.0, 20.0
QUEUED_MAX = 100_000
MOSQUITTO = "/usr/sbin/mosquitto"
TELEMETRY = "v1/gateway/telemetry"
LIMITS = "v1/devices/me/rpc/request/+"
UNLIMITED = {
    "maxPayloadSize": 1_000_000,
    "maxInflightMessages": 1_000,
    "rateLimits": {"messages": "", "telemetryMessages": "", "telemetryDataPoints": ""},
    "gatewayRateLimits": {"messages": "", "telemetryMessages": "", "telemetryDataPoints": ""},
}


def install():
    """The reason why it cannot be had, empty where it is there."""
    if (HOME / "bin" / "thingsboard-gateway").exists():
        return ""
    HOME.parent.mkdir(parents=True, exist_ok=True)
    try:
        for command in (
            [sys.executable, "-m", "venv", str(HOME)],
            [str(HOME / "bin" / "pip"), "install", "--quiet", *PACKAGES],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S_MAX)
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace")
        shutil.rmtree(HOME, ignore_errors=True)
        return f"it could not be installed: {said.strip()[-200:] or error}"
    return ""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def settings(folder, *, load_port, mqtt_port, signals):
    """Its two files: as it comes but for the address, no limits, and source times asked for."""
    values = [
        {
            "key": f"v{i}",
            "type": "identifier",
            "value": f"${{ns=2;s=v{i}}}",
            "timestampLocation": "sourceTimestamp",
        }
        for i in range(signals)
    ]
    limits = ("rateLimits", "dpRateLimits", "messagesRateLimits", "deviceMessagesRateLimits")
    limits += ("deviceRateLimits", "deviceDpRateLimits")
    gateway = {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": mqtt_port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            "maxPayloadSizeBytes": 1_000_000,
            "minPackSendDelayMS": 50,
            "minPackSizeToSend": 500,
            "security": {"type": "accessToken", "accessToken": "bench"},
            "qos": 1,
            "reportStrategy": {"type": "ON_RECEIVED"},
        }
        | dict.fromkeys(limits, "0:0,"),
        "storage": {"type": "memory", "read_records_count": 1_000, "max_records_count": 1_000_000},
        "grpc": {"enabled": False},
        "connectors": [{"type": "opcua", "name": "plant", "configuration": "opcua.json"}],
    }
    opcua = {
        "server": {
            "url": f"opc.tcp://127.0.0.1:{load_port}",
            "timeoutInMillis": 30_000,
            "scanPeriodInMillis": 3_600_000,
            "enableSubscriptions": True,
            "subCheckPeriodInMillis": 100,
            "sessionTimeoutInMillis": 120_000,
            "security": "None",
            "identity": {"type": "anonymous"},
        },
        "mapping": [
            {
                "deviceNodeSource": "path",
                "deviceNodePattern": "Root\\.Objects",
                "deviceInfo": {
                    "deviceNameExpression": "plant",
                    "deviceNameExpressionSource": "constant",
                    "deviceProfileExpression": "default",
                    "deviceProfileExpressionSource": "constant",
                },
                "attributes": [],
                "timeseries": values,
            }
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tb_gateway.json").write_text(json.dumps(gateway))
    (folder / "opcua.json").write_text(json.dumps(opcua))
    shutil.copy(next(HOME.rglob("thingsboard_gateway/config/logs.json")), folder)
    (folder / "logs").mkdir()


class Server:
    """What there is of a ThingsBoard server: it allows everything and notes what comes."""

    def __init__(self):
        self.seen = set()
        self.ages_ms = []
        self.first = self.count = 0
        self.last_s = 0.0

    async def serve(self, port):
        async with aiomqtt.Client(
            "127.0.0.1", port, max_queued_incoming_messages=100_000
        ) as client:
            await client.subscribe(LIMITS, qos=1)
            await client.subscribe(TELEMETRY, qos=1)
            async for message in client.messages:
                topic = str(message.topic)
                if topic == TELEMETRY:
                    self.take(json.loads(message.payload))
                else:
                    number = topic.rpartition("/")[2]
                    answer = f"v1/devices/me/rpc/response/{number}"
                    await client.publish(answer, json.dumps(UNLIMITED), qos=1)

    def take(self, told):
        now_ms = time.time() * 1e3
        for rows in told.values():
            for row in rows:
                for key, value in row["values"].items():
                    if value < 1:
                        self.first += 1
                        continue
                    self.count += 1
                    self.seen.add((key, value))
                    self.ages_ms.append(now_ms - row["ts"])
                    self.last_s = time.perf_counter()


async def run(folder, load, *, signals):
    """The same keys as the other peers, or ``not_run`` with its reason."""
    mosquitto = shutil.which("mosquitto") or MOSQUITTO
    if not Path(mosquitto).exists():
        return {"not_run": "there is no local MQTT broker: mosquitto is not installed"}
    wrong = await asyncio.to_thread(install)
    if wrong:
        return {"not_run": wrong}
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    settings(folder / "tb", load_port=load.port, mqtt_port=port, signals=signals)
    broker = subprocess.Popen([mosquitto, "-c", str(conf)], stderr=subprocess.DEVNULL)
    server, gateway = Server(), None
    try:
        await asyncio.sleep(0.5)
        serving = asyncio.create_task(server.serve(port))
        with (folder / "tb" / "out.log").open("wb") as out:
            gateway = subprocess.Popen(
                [str(HOME / "bin" / "thingsboard-gateway")],
                cwd=folder / "tb",
                env={**os.environ, "TB_GW_CONFIG_DIR": str(folder / "tb"), "TZ": "UTC"},
                stdout=out,
                stderr=out,
            )
        found = await driven(server, load, gateway, (psutil.Process(broker.pid), signals))
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return found
    finally:
        for process in (gateway, broker):
            if process is not None:
                process.kill()
                process.wait()


async def driven(server, load, gateway, setting):
    broker, signals = setting
    own = psutil.Process(gateway.pid)
    until = time.perf_counter() + READY_S_MAX
    while server.first < signals:
        if gateway.poll() is not None:
            return {"not_run": f"it ended by itself with {gateway.returncode}"}
        if time.perf_counter() > until:
            return {"not_run": f"{server.first} of {signals} signals came in {READY_S_MAX:.0f} s"}
        await asyncio.sleep(0.1)
    began, cpu_s = time.perf_counter(), used_s(own, broker)
    told = await load.run()
    until = time.perf_counter() + DRAIN_S_MAX
    while server.count < told["written"] and time.perf_counter() < until:
        await asyncio.sleep(0.1)
    spent_s = used_s(own, broker) - cpu_s
    took_s = max(server.last_s - began, 1e-9)
    ages = np.array(server.ages_ms or [np.nan])
    return {
        "offered_s": round(told["written"] / told["took_s"]),
        "delivered_s": round(server.count / took_s),
        "lost": told["written"] - len(server.seen),
        "duplicated": server.count - len(server.seen),
        "p50_ms": round(float(np.percentile(ages, 50)), 1),
        "p99_ms": round(float(np.percentile(ages, 99)), 1),
        "cores": round(spent_s / took_s, 3),
        "ceiling_s": round(server.count / max(spent_s, 1e-9)),
        "rss_mb": round(own.memory_info().rss / 1e6),
    }


def used_s(*processes):
    return sum(sum(p.cpu_times()[:2]) for p in processes)
