"""How `hanse.decide` keeps its alarms: as they stand now; what happened to them is in the events.

Apart from `kept`, because it brings the engine's numpy with it.
"""

from __future__ import annotations

from hanse.decide.alarm import Alarm
from hanse.store.spec import Spec, number

ALARMS = Spec("alarms", Alarm, key=("id",), index=("asset", number("active"), number("severity")))
