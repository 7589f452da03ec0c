"""Messages to people: alarms that call become letters, kept until they went, sent at a pace.

In: alarm events of the record, channels and mail settings set on a page (secrets in ``keys/``).
Out: mail by SMTP, webhooks, messages in WeCom, DingTalk, Feishu, Slack and Teams; an event for each
that went, and for each given up. What waits stands in the record and outlives a restart.
Limits: CHANNELS_MAX channels, WAITING_MAX letters waiting, TRIES_MAX tries, SEND_S a try.
"""
