"""Simulated plants that speak the real protocols, and a simulated world from one seed.

For: the demo, the tests, the benchmarks, and anyone who wants to see a node without a machine.
In: a chain file (TOML) that names firms, machines, prices and loads; a seed.
Out: OPC UA servers with machines worth watching, sample records to import, worlds of nodes.
Parts: `plant` is the physics of one machine, pure; `opcua_server` shows machines over OPC UA;
`chain` is the sample chain; `world` is many nodes' pure parts on one clock.
Limits: `plant.QUEUE_MAX` jobs a machine, `opcua_server.MACHINES_MAX` machines a server,
`plant.SPEED_UP_MAX` times as fast as the clock.
Nothing here is needed by a node that runs on real machines.
"""
