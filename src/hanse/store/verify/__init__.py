"""Every invariant of a node's own records, checked, and what does not hold told as data.

For: ``hanse verify``, backups that were restored, and tests after every fault.
In: a `Store`. Out: a `Report`: how much each check looked at, and `Finding` values in English and
Chinese; none means that the record is whole.
Nothing is written and nothing is repaired. Every row is read, so it takes time on a large record.
Limits: FINDINGS_MAX are told; a check that breaks down is a finding too.
"""

from hanse.store.verify.finding import FINDINGS_MAX, Finding, Report
from hanse.store.verify.run import verify

__all__ = ["FINDINGS_MAX", "Finding", "Report", "verify"]
