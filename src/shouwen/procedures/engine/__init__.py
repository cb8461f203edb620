"""The procedure engine: reads procedure files and decides what happens to tickets. Pure: no Django, no I/O, no clock."""

from .answers import check_answers, check_given, fill
from .calendar import TZ, Calendar, Day
from .core import decide
from .events import (
    Amended,
    Approved,
    ChildClosed,
    Close,
    Do,
    Effect,
    Event,
    Evidenced,
    Filed,
    Finished,
    Handed,
    Linked,
    Log,
    Noted,
    Open,
    Paused,
    Print,
    Reopened,
    Resumed,
    Started,
    Taken,
    Tell,
    Ticked,
    Urged,
    Withdrawn,
)  # fmt: skip
from .faults import faults_in
from .procedure import Procedure, Step, role_of
from .reading import read
from .refusals import Faulty, Refused
from .schedule import next_time
from .ticket import Child, Clock, Pause, Task, Ticket, Value, who_did

__all__ = [
    "TZ", "Amended", "Approved", "Calendar", "Child", "ChildClosed", "Clock", "Close", "Day", "Do", "Effect", "Event", "Evidenced", "Faulty",
    "Filed", "Finished", "Handed", "Linked", "Log", "Noted", "Open", "Pause", "Paused", "Print", "Procedure", "Refused",
    "Reopened", "Resumed", "Started", "Step", "Taken", "Task", "Tell", "Ticked", "Ticket", "Urged", "Value", "Withdrawn",
    "check_answers", "check_given", "decide", "faults_in", "fill", "next_time", "read", "role_of", "who_did",
]  # fmt: skip
