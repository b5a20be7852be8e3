import type { Logger } from '@grok2api/service-kit';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';
import { DecryptError, type Secrets } from './secrets.js';

/** A column of a table, in SQL. */
interface Place {
  table: Prisma.Sql;
  column: Prisma.Sql;
}

interface SecretRow {
  id: string;
  encrypted: Uint8Array;
}

const BATCH = 500;
/** Where secrets lie, each encrypted for its row's id. */
const PLACES = [
  ['credentials', 'secret_encrypted'],
  ['credentials', 'proxy_login_encrypted'],
  ['webhook_secrets', 'secret_encrypted'],
] as const;

/**
 * Encrypts every secret anew that another key than the present one encrypted. Token pools that have both keys may go on
 * meanwhile; being stopped and run again it goes on where it was.
 * @returns how many secrets were encrypted anew
 * @throws DecryptError when a secret was encrypted under a key that `secrets` has not
 */
export async function rotateKey(database: Database, secrets: Secrets, log: Logger): Promise<number> {
  let rotated = 0;
  for (const [table, column] of PLACES) {
    const place = { table: Prisma.raw(`pool.${table}`), column: Prisma.raw(column) };
    for await (const written of rotatePlace(place, database, secrets)) {
      rotated += written;
      log.info({ rotated }, 'encrypted anew');
    }
  }
  return rotated;
}

async function* rotatePlace(place: Place, database: Database, secrets: Secrets): AsyncGenerator<number> {
  for (;;) {
    const rows = await database.$queryRaw<SecretRow[]>`
      SELECT id, ${place.column} AS encrypted FROM ${place.table}
      WHERE substring(${place.column} FROM 1 FOR ${secrets.keyId.length}::int) <> ${secrets.keyId} LIMIT ${BATCH}`;
    if (rows.length === 0) return;
    const anew = rows.map((row) => encryptAnew(row, secrets));
    yield await writeAnew(place, database, anew);
  }
}

function encryptAnew({ id, encrypted: old }: SecretRow, secrets: Secrets) {
  try {
    return { id, old, anew: secrets.encrypt(secrets.decrypt(old, id), id) };
  } catch (cause) {
    throw new DecryptError(`the secret of ${id} does not decrypt`, { cause });
  }
}

/** A row that has another secret by now is left for the next look. */
function writeAnew(
  { table, column }: Place,
  database: Database,
  rows: readonly ReturnType<typeof encryptAnew>[],
): Promise<number> {
  return database.$executeRaw`
    UPDATE ${table} c SET ${column} = r.anew
    FROM unnest(${rows.map(({ id }) => id)}::text[], ${rows.map(({ old }) => old)}::bytea[],
      ${rows.map(({ anew }) => anew)}::bytea[]) AS r(id, old, anew)
    WHERE c.id = r.id AND c.${column} = r.old`;
}
