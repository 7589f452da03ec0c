"""An S7 controller as python-snap7 simulates it, in a process of its own: port as argument."""

import struct
import sys
import time

from snap7.server import Server
from snap7.type import SrvArea

data, flags = bytearray(64), bytearray(16)
server = Server(log=False)
server.register_area(SrvArea.DB, 1, data)
server.register_area(SrvArea.MK, 0, flags)
server.start(tcp_port=int(sys.argv[1]))
print("ready", flush=True)
n = 0
while True:
    n += 1
    struct.pack_into(">fhB", data, 0, n / 10, n % 1000, n % 2 << 3)
    time.sleep(0.05)
