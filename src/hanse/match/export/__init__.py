"""Trade documents as others read them: UBL 2.1 XML, EN 16931 invoices, EPCIS 2.0 events.

In: the documents of `hanse.model.trade` and the contract they belong to. Out: XML bytes that the
UBL schemas accept, faults of an invoice by the rule numbers of EN 16931, EPCIS JSON-LD with hash
identities of CBV 2.0. Export only; what was agreed is the ledger entry, not its export.
Limits: those of the documents; no network, no entity is ever resolved.
"""
