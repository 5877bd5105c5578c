"""The database, with the user that the configuration names. A connection lost is opened again at the next use."""

import contextlib
import logging
import threading
import time

import psycopg2
import psycopg2.errors
import psycopg2.extras

from standin.directory import PERMISSIONS

LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)
AGAIN = 0.2  # seconds after which a read is tried again whose connection was lost

log = logging.getLogger("database")

CAN_WRITE = """
    select current_setting('transaction_read_only') = 'off'
       and has_table_privilege('event', 'insert') and has_table_privilege('experimenter', 'insert') as yes
"""


class Transaction:
    """Statements of one transaction."""

    def __init__(self, cursor):
        self.cursor = cursor

    def rows(self, statement, *values):
        """List of dicts, {column: value}."""
        self.cursor.execute(statement, values)
        return self.cursor.fetchall() if self.cursor.description else []

    def insert(self, table, **columns):
        """The new row's id, of the table's own sequence."""
        columns = {"permissions": PERMISSIONS, **columns}
        names = ", ".join(f'"{name.lower()}"' for name in columns)
        marks = ", ".join(["%s"] * len(columns))
        statement = f'insert into "{table}" (id, {names}) values (nextval(%s), {marks}) returning id'
        return self.rows(statement, f"seq_{table}", *columns.values())[0]["id"]

    def insert_all(self, table, rows):
        """Insert rows, dicts of the same columns that bring their ids, in few statements."""
        names = list(rows[0])
        statement = f'insert into "{table}" ({", ".join(names)}) values %s'
        values = [[row[name] for name in names] for row in rows]
        psycopg2.extras.execute_values(self.cursor, statement, values, page_size=500)

    def event(self, user_id, group_id, session_id=0, kind="User"):
        """The id of a new event; whoever changes rows makes one, by which the servers see that something changed."""
        (found,) = self.rows("select id from eventtype where value = %s", kind)
        return self.insert(
            "event",
            time=self.rows("select now() at time zone 'UTC' as now")[0]["now"],
            experimenter=user_id,
            experimentergroup=group_id,
            session=session_id,
            type=found["id"],
        )


class Database:
    def __init__(self, arguments, poolsize, read_only):
        self.arguments, self.read_only = arguments, read_only
        self.idle, self.lock, self.free = [], threading.Lock(), threading.Semaphore(max(poolsize, 1))

    def connect(self):
        connection = psycopg2.connect(
            connect_timeout=5,
            application_name="OMERO.server STAND-IN",
            cursor_factory=psycopg2.extras.RealDictCursor,
            **self.arguments,
        )
        connection.set_session(readonly=self.read_only)
        return connection

    def lend(self):
        """A connection that answers."""
        while True:
            with self.lock:
                connection = self.idle.pop() if self.idle else None
            if connection is None:
                return self.connect()
            try:
                with connection.cursor() as cursor:
                    cursor.execute("select 1")
                connection.rollback()
                return connection
            except psycopg2.Error:
                connection.close()

    @contextlib.contextmanager
    def transaction(self):
        """Committed at the end, rolled back on an error."""
        with self.free:
            connection = self.lend()
            try:
                with connection.cursor() as cursor:
                    yield Transaction(cursor)
                connection.commit()
            except BaseException:
                with contextlib.suppress(psycopg2.Error):  # of a lost connection: the first error is the one that tells
                    connection.rollback()
                raise
            finally:
                if not connection.closed:
                    with self.lock:
                        self.idle.append(connection)

    def read(self, work):
        """work(transaction), which may be done twice: once more where the connection was lost in the middle."""
        try:
            with self.transaction() as transaction:
                return work(transaction)
        except psycopg2.errors.QueryCanceled:
            raise
        except LOST as error:
            log.info("a connection was lost, the read is tried again: %s", " ".join(str(error).split()))
            time.sleep(AGAIN)
        with self.transaction() as transaction:
            return work(transaction)

    def rows(self, statement, *values):
        """The rows of one statement that may be done twice."""
        return self.read(lambda transaction: transaction.rows(statement, *values))

    def patches(self):
        """(currentversion, currentpatch, finished) of dbpatch, newest first; None where there is no such table."""
        try:
            rows = self.rows("select currentversion, currentpatch, finished from dbpatch order by id desc")
        except psycopg2.errors.UndefinedTable:
            return None
        return [tuple(row.values()) for row in rows]

    def can_write(self):
        return self.rows(CAN_WRITE)[0]["yes"]

    def uuid(self):
        return self.rows("select value from configuration where name = 'omero.db.uuid'")[0]["value"]

    def newest_event(self):
        """(the database's own number, the newest event's id): another one after a change and after a restore."""
        (row,) = self.rows(
            "select max(id) as newest, (select oid from pg_database where datname = current_database()) as oid"
            " from event"
        )
        return row["oid"], row["newest"]
