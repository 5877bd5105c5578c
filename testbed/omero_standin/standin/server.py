"""What all services share: configuration, database, the repository as last read, sessions."""

import logging
import time

import psycopg2

from standin import credits
from standin.database import Database
from standin.directory import Directory
from standin.files import Files
from standin.memo import Memo, Sources
from standin.objects import Objects
from standin.sessions import Sessions
from standin.store import load

LOOK_AGAIN = 1  # seconds for which the repository is not compared with the database's newest event

log = logging.getLogger("server")


class ReadOnlyError(Exception):
    """A change was asked of a server that may make none."""


class Server:
    def __init__(self, settings):
        self.settings = settings
        self.read_only = settings.read_only("db")
        self.database = Database(settings.database(), settings.number("omero.db.poolsize"), self.read_only)
        self.directory = Directory(self.database)
        self.files, self.memo = Files(settings.text("omero.data.dir")), Memo(settings)
        self.sessions = Sessions(settings.session_timeout(), self.session_ended)
        self._store, self._event, self._looked = None, None, 0

    @property
    def store(self):
        """The repository, read again where somebody changed the database."""
        if time.monotonic() - self._looked > LOOK_AGAIN:
            self.refresh()
        return self._store

    @property
    def objects(self):
        """The repository as HQL sees it."""
        return Objects(self.store)

    @property
    def sources(self):
        """The pixels as clients open them."""
        return Sources(self.files, self.memo, self.store.imported)

    def refresh(self):
        newest = self.database.newest_event()
        if self._store is None or newest != self._event:
            self._store, self._event = load(self.database, self.settings.patch() >= credits.SINCE), newest
        self._looked = time.monotonic()

    def writable(self):
        """Raises ReadOnlyError on a read-only server; the configuration decides, whatever the database would allow."""
        if self.read_only:
            raise ReadOnlyError("this server is read-only (omero.cluster.read_only.db)")

    def user(self, number):
        return self.store.get("Experimenter", number)

    def login(self, user_id, name, agent):
        """A new session, with a row in the database where the server may write."""
        self.refresh()
        save = None if self.read_only else lambda uuid: self.save(user_id, uuid, agent)
        session = self.sessions.create(user_id, name, save)
        session.agent = agent
        return session

    def save(self, user_id, uuid, agent):
        with self.database.transaction() as t:
            return t.insert(
                "session",
                version=0,
                defaulteventtype="User",
                started=t.rows("select now() at time zone 'UTC' as now")[0]["now"],
                timetoidle=self.settings.number("omero.sessions.timeout"),
                timetolive=0,
                uuid=uuid,
                useragent=agent[:255],
                node=0,
                owner=user_id,
            )

    def session_ended(self, session):
        log.info("session of %s closed", session.user_name)
        if self.read_only:
            return
        try:
            self.database.rows("update session set closed = now() at time zone 'UTC' where id = %s", session.row_id)
        except psycopg2.Error as error:  # whose call found it expired has nothing to do with it
            log.error("session of %s is not marked as closed: %s", session.user_name, " ".join(str(error).split()))
