"""A simulated world: the pure parts of many firms on one clock, from one seed.

For: finding what goes wrong between firms that no test of one firm can see. In: a seed, how many
firms, and how bad the weather is. Out: everything that happened, and the laws that did not hold.
Real here: plans (`allocate`), desks and co-signed ledgers (`match`), identities and signatures.
Played: the post between firms (late, twice, cut off; in order for each pair, as `peerlink` keeps
it), machines that fail, plan processes that restart.
Limits: `world.STEPS_MAX` steps, `world.FIRMS_MAX` firms. No process, socket or file is touched.
"""

from hanse.sim.world.laws import broken_laws
from hanse.sim.world.post import Weather
from hanse.sim.world.world import World

__all__ = ["Weather", "World", "broken_laws"]
