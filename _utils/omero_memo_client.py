"""
Opens images in a running OMERO server, so that its Bio-Formats makes their memo files.

Imported by :mod:`omero_memo_worker`, or run by the Python of the server's virtual environment as ``python -c`` with
this text: reads ``{"host", "port", "user", "password", "pixels", "timeout"}`` from standard input, opens these pixels
and writes one line of JSON, ``{"seconds": float}``. An error is one line on standard error.
"""

import contextlib
import json
import sys
import time

# as `omero render test --force` of omero-cli-render does: whatever the server's own setting is
CONTEXT = {"omero.group": "-1", "omero.pixeldata.fail_if_missing": "false"}
# without any sign of life of the session for so many seconds OMERO would end it
KEEP_ALIVE = 60


class ImageError(Exception):
    """The server could not open the image; it goes on with others."""


class ServerError(Exception):
    """The server does not answer, or refuses the user."""


class LostError(ServerError):
    """The server went away while it had the image open, or its session ended."""


def words(error):
    """Return what an exception of Ice or OMERO says, in one line."""
    said = getattr(error, "message", None) or getattr(error, "reason", None) or str(error)
    return f"{type(error).__name__}: {' '.join(str(said).split())[:200]}"


class Opener:
    """
    A session of one user.

    :param login: ``{"host", "port", "user", "password"}``
    """

    def __init__(self, login):
        self.login, self.client = login, None

    def open(self, pixels, timeout):
        """
        Open pixels as somebody does who looks at them, and close them.

        :param timeout: limit in seconds; the server may go on after it
        :returns: the seconds it took
        :raises ImageError: the server could not, or not in time
        :raises LostError: it went away meanwhile
        :raises ServerError: it does not answer, or refuses the user
        """
        import Ice
        import omero

        session = self._session()
        began = time.monotonic()
        try:
            store = session.createRawPixelsStore()
            try:
                self._open(store, pixels, timeout)
                return time.monotonic() - began
            finally:
                # the server closes it with the session, if not now
                with contextlib.suppress(Ice.Exception, omero.ServerError):
                    store.begin_close()
        except omero.SessionException as error:
            raise self._lost(error) from None
        except omero.ServerError as error:
            raise ImageError(words(error)) from None
        except (Ice.Exception, omero.ClientError) as error:
            raise self._lost(error) from None

    def _lost(self, error):
        self.close()
        return LostError(words(error))

    @staticmethod
    def _open(store, pixels, timeout):
        # not one call that waits: it would not be interrupted by a signal, nor by a limit
        call = store.begin_setPixelsId(pixels, False, _ctx=CONTEXT)
        limit, pause = time.monotonic() + timeout, 0.002
        while not call.isCompleted():
            if time.monotonic() > limit:
                raise ImageError(f"not open after {timeout} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        store.end_setPixelsId(call)

    def _session(self):
        import Ice
        import omero

        if self.client is None:
            self.client = omero.client(host=self.login["host"], port=self.login["port"])
            try:
                self.client.createSession(self.login["user"], self.login["password"])
            except (Ice.Exception, omero.ClientError) as error:
                self.close()
                raise ServerError(words(error)) from None
            self.client.enableKeepAlive(KEEP_ALIVE)
        return self.client.sf

    def close(self):
        """End the session."""
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.closeSession()


def main():
    given = json.load(sys.stdin)
    opener = Opener({key: given[key] for key in ("host", "port", "user", "password")})
    try:
        print(json.dumps({"seconds": round(opener.open(given["pixels"], given["timeout"]), 3)}))
    except (ImageError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        opener.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
