import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { createSession } from './session.js';

/**
 * The database as Prisma's schema engine takes it: every statement of the engine runs on the given session, and a
 * shadow database is a database of its own, made beside it and dropped on dispose.
 */
export function createAdapterFactory(
  session: pg.Pool,
  databaseUrl: string,
  schema: string,
): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connectAdapter(session, schema),
    connectToShadowDb: async () => {
      const name = `prisma_shadow_${randomUUID().replaceAll('-', '')}`;
      await session.query(`CREATE DATABASE "${name}"`);
      const url = new URL(databaseUrl);
      url.pathname = `/${name}`;
      const shadow = createSession({ databaseUrl: url.href, schema: 'public' });
      const adapter = await connectAdapter(shadow, 'public');
      adapter.dispose = async () => {
        await shadow.end();
        await session.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      };
      return adapter;
    },
  };
}

async function connectAdapter(session: pg.Pool, schema: string): Promise<SqlDriverAdapter> {
  const adapter = await new PrismaPg(session, { schema }).connect();
  // The adapter's own executeScript splits at every semicolon, also in comments, strings and function bodies.
  // Without arguments a query is sent as it is, and the server runs the script as one transaction.
  adapter.executeScript = async (script) => {
    await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
  };
  await addCharColumns(adapter, session);
  return adapter;
}

/**
 * Lets the adapter read columns of Postgres' internal type "char", which it refuses and the engine needs: the system
 * catalogues have them (`pg_constraint.contype`). They pass the adapter as text and reach the engine as characters.
 */
async function addCharColumns(adapter: SqlDriverAdapter, session: pg.Pool): Promise<void> {
  let charColumns: number[] = [];
  const client = await session.connect();
  client.connection.on('rowDescription', ({ fields }: { fields: pg.FieldDef[] }) => {
    charColumns = [];
    for (const [index, field] of fields.entries()) {
      if (field.dataTypeID !== pg.types.builtins.CHAR) continue;
      field.dataTypeID = pg.types.builtins.TEXT;
      charColumns.push(index);
    }
  });
  client.release();
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const index of charColumns) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
}
