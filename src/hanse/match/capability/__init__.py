"""Capabilities: what a firm can do, as codes of our own, found from free words in two languages.

For: profiles (what we offer), requests (what is needed), and the search between them.
In: free text in English or Chinese, numbers of the part (size, tolerance, material). Out: at most
CANDIDATES_MAX codes with their scores, best first, for a person to pick from; the pick becomes a
synonym of that firm. The list (`catalogue.tsv`) follows the groups of DIN 8580: 0 material trade,
1 primary shaping, 2 forming, 3 separating, 4 joining, 5 coating, 6 changing properties, 7 services.
Limits: QUERY_MAX characters a query, LEARNED_MAX picks kept.
"""

from hanse.match.capability.fit import Need, fits
from hanse.match.capability.search import Candidate, Capability, Finder, catalogue

__all__ = ["Candidate", "Capability", "Finder", "Need", "catalogue", "fits"]
