"""The server's sessions, in memory: they end with the server, by request, or after omero.sessions.timeout idle."""

import dataclasses
import threading
import time
import uuid as uuids


@dataclasses.dataclass
class Session:
    uuid: str
    user_id: int
    user_name: str
    row_id: int  # of table session; negative on a read-only server, which writes none
    started: float
    used: float
    references: int = 0
    group_id: int | None = None
    agent: str = ""  # what the client calls itself


class Sessions:
    """All open sessions; `ended(session)` is called for each that closes or expires."""

    def __init__(self, timeout, ended=lambda session: None, clock=time.time):
        self.timeout, self.ended, self.clock = timeout, ended, clock
        self.open, self.lock = {}, threading.Lock()

    def create(self, user_id, user_name, save=None):
        """A new session; save(uuid) answers the id of its row."""
        now, uuid = self.clock(), str(uuids.uuid4())
        row_id = save(uuid) if save else -1 - len(self.open)
        session = Session(uuid, user_id, user_name, row_id, now, now)
        with self.lock:
            self.open[uuid] = session
        return session

    def use(self, uuid):
        """The session, whose idle time starts anew; None where there is no such or it has expired."""
        self.expire()
        session = self.open.get(uuid)
        if session:
            session.used = self.clock()
        return session

    def close(self, uuid):
        """Whether there was such a session."""
        with self.lock:
            session = self.open.pop(uuid, None)
        if session:
            self.ended(session)
        return session is not None

    def expire(self):
        limit = self.clock() - self.timeout
        for session in [s for s in list(self.open.values()) if s.used < limit]:
            self.close(session.uuid)
