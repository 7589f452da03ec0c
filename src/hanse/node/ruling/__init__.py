"""Rules of a node as data: kept with versions, armed and disarmed, tried on history, from a folder.

In: TOML of `hanse.decide` from a page, the API, the command line or the node's ``rules`` folder.
Out: the rules that the decide role arms; an event for every change; what a rule would have done.
Limits: RULE_FILES_MAX files, VERSIONS_SHOWN_MAX versions shown of each, TRIAL_DAYS_MAX a trial.
"""
