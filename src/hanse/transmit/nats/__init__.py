"""The broker: an embedded nats-server, its streams, and what goes through them.

In: frames (`telemetry.FramePublisher`), events of the record's outbox (`events.EventRelay`),
commands between roles (`requests`). Out: `telemetry.frames`, `events.events`, answers.

`server.Broker` runs the nats-server of the installed wheel on loopback with a password and
``sync_interval: always``: what it acknowledged survives a power cut. `connect` opens a connection
that never gives up; `streams` makes the streams; `watch` compares them with what history has.

Limits: MESSAGE_BYTES_MAX a message, TELEMETRY_BYTES_MAX and EVENTS_BYTES_MAX a stream. Telemetry
drops its oldest at the limit (counted, a gap); events refuse new ones and stay in the outbox.
"""
