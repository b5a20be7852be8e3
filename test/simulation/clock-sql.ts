/** Named before `pg_catalog`, the schema `clock` hides the server's own now() and its kin. */
export const CLOCK_SESSION = '-c search_path=clock,public,pg_catalog -c synchronous_commit=off';

/** A clock that moves only when it is told to, and the functions that tell its time in place of the server's. */
export const CLOCK_SQL = [
  'CREATE SCHEMA clock',
  'CREATE TABLE clock.reading (at timestamptz NOT NULL, server_started_at timestamptz NOT NULL)',
  'CREATE SEQUENCE clock.ticks',
  `CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT at FROM clock.reading'`,
  // The real one goes on within a transaction and never says the same time twice.
  `CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$SELECT at + nextval('clock.ticks') * interval '1 microsecond' FROM clock.reading$$`,
  `CREATE FUNCTION clock.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT server_started_at FROM clock.reading'`,
];
