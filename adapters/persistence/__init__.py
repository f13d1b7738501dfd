"""State in SQL: units of work, the quota ledger, the file finder and migrations, on SQLite and PostgreSQL.

* ``engine.create_async_engine_for(url)`` makes the engine, ``unit_of_work.SqlUnitOfWork(engine)`` one transaction.
* ``ledger.SqlLedger(url, policy)`` and ``finder.SqlFileFinder(url)`` keep threads and connections of their own, since
  calls that wait at the same moment share one transaction; close each with ``aclose``.
* ``migrate.upgrade(url)`` brings the schema up to date before any of them is made.
"""
