"""
One database in the place of another, as SQL.
"""

import idr_sql

# Who connects between the end of the sessions and the renaming spoils one attempt, which takes PostgreSQL 5 s.
ATTEMPTS = 12


def statement(name, other, keep_as):
    """
    Statement that ends all sessions of two databases and renames ``name`` to ``keep_as`` and ``other`` to ``name``:
    both or none.

    :raises ValueError: a name is none, or two of them are the same
    """
    if len({name, other, keep_as}) != 3:
        raise ValueError(f"expected three names that differ, found {name}, {other}, {keep_as}")
    one, two, kept = (idr_sql.identifier(each) for each in (name, other, keep_as))
    both = f"{idr_sql.literal(name)}, {idr_sql.literal(other)}"
    body = f"""
BEGIN
  FOR attempt IN 1..{ATTEMPTS} LOOP
    BEGIN
      -- otherwise a transaction sees the sessions of its beginning
      PERFORM pg_stat_clear_snapshot();
      PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname IN ({both}) AND pid <> pg_backend_pid();
      ALTER DATABASE {one} RENAME TO {kept};
      ALTER DATABASE {two} RENAME TO {one};
      RETURN;
    EXCEPTION WHEN object_in_use THEN
      NULL;
    END;
  END LOOP;
  RAISE EXCEPTION 'somebody connects again and again to {name} or {other}: nothing was renamed';
END"""
    return f"DO {idr_sql.dollars(body)};"
