/**
 * A store in SQLite, as an example for SQL databases: the application's work, the decision and the
 * outcome are one transaction.
 *
 * `database` is that of `better-sqlite3`, or of `libsql`, which has the same functions. The
 * application's work gets it as `tx`; only there may it be used while a transaction is open.
 */
import { decode, encode, rowStore } from "sockeye-client/server";

const schema = `
  CREATE TABLE IF NOT EXISTS sockeye_memory (id TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS sockeye_lanes (
    identity TEXT, client TEXT, lane TEXT,
    epoch INTEGER NOT NULL, last INTEGER NOT NULL, keep_until INTEGER NOT NULL,
    PRIMARY KEY (identity, client, lane)
  );
  CREATE TABLE IF NOT EXISTS sockeye_keys (
    identity TEXT, key TEXT,
    hash TEXT NOT NULL, outcome TEXT, token TEXT, leased_until INTEGER, keep_until INTEGER NOT NULL,
    PRIMARY KEY (identity, key)
  );
  CREATE INDEX IF NOT EXISTS sockeye_keys_end ON sockeye_keys (keep_until);
  CREATE INDEX IF NOT EXISTS sockeye_lanes_end ON sockeye_lanes (keep_until);
`;

/** Makes a store; `now` is in milliseconds, and must be the same for all that use the file. */
export function sqliteStore(database, { now = Date.now } = {}) {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
  database.exec(schema);
  const rows = rowsOf(database, now);
  const oneAtATime = queue(); // there is one connection, and work may wait in its transaction
  return rowStore((work) =>
    oneAtATime(async () => {
      database.exec("BEGIN IMMEDIATE"); // other processes wait here
      try {
        const result = await work(database, rows);
        database.exec("COMMIT");
        return result;
      } catch (error) {
        if (database.inTransaction) database.exec("ROLLBACK");
        throw error;
      }
    }),
  );
}

function rowsOf(database, now) {
  const one = (sql, ...values) => database.prepare(sql).get(...values);
  const run = (sql, ...values) => void database.prepare(sql).run(...values);
  return {
    memory() {
      run(
        "INSERT INTO sockeye_memory SELECT ? WHERE NOT EXISTS (SELECT 1 FROM sockeye_memory)",
        newId(),
      );
      return one("SELECT id FROM sockeye_memory").id;
    },
    lane: ({ identity, client, lane }) =>
      one(
        "SELECT epoch, last FROM sockeye_lanes WHERE (identity, client, lane) = (?, ?, ?) AND keep_until > ?",
        ...[identity, client, lane, now()],
      ),
    setLane({ identity, client, lane }, { epoch, last }, keepMs) {
      run("DELETE FROM sockeye_lanes WHERE keep_until <= ?", now());
      run(
        "INSERT OR REPLACE INTO sockeye_lanes VALUES (?, ?, ?, ?, ?, ?)",
        ...[identity, client, lane, epoch, last, now() + keepMs],
      );
    },
    key(identity, key) {
      const row = one(
        "SELECT * FROM sockeye_keys WHERE (identity, key) = (?, ?) AND keep_until > ?",
        ...[identity, key, now()],
      );
      if (!row) return undefined;
      const outcome = row.outcome === null ? undefined : decode(row.outcome);
      const token = row.leased_until > now() ? row.token : undefined;
      return { hash: row.hash, outcome, token };
    },
    setKey(identity, key, { hash, outcome, claim }, keepMs) {
      run("DELETE FROM sockeye_keys WHERE keep_until <= ?", now());
      run(
        "INSERT OR REPLACE INTO sockeye_keys VALUES (?, ?, ?, ?, ?, ?, ?)",
        ...[identity, key, hash, outcome ? encode(outcome) : null],
        ...[claim?.token ?? null, claim ? now() + claim.leaseMs : null, now() + keepMs],
      );
    },
  };
}

/** 128 random bits: the file has another memory when it was made anew. */
const newId = () => crypto.randomUUID().replaceAll("-", "");

/** Returns a function that runs works one after the other. */
function queue() {
  let last = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
