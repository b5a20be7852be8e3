import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';

/** Nothing in the database is managed outside of schema.prisma. */
export const NO_FILTERS = { externalTables: [], externalEnums: [] };

// Node's types leave WebAssembly to the browser's, which do not belong in a server.
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

// The package's glue code keeps its instance in a variable of its own: one for the process, made at first use.
let loading: Promise<void> | undefined;

/** Prisma's schema engine for one schema and database. The caller frees it. */
export async function createSchemaEngine(
  schema: SchemaContainer,
  adapterFactory: SqlMigrationAwareDriverAdapterFactory,
): Promise<SchemaEngine> {
  loading ??= load();
  await loading;
  return glue.SchemaEngine.new(
    { datamodels: [[schema.path, schema.content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapterFactory),
  );
}

// The package's entry imports its .wasm file as a module, which Node does not do without a flag.
async function load(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const imports: Record<string, unknown> = { ...glue };
  for (const name of Object.keys(imports)) {
    // The engine leaves a timer of ten seconds behind, which must not keep a finished process alive.
    if (name.startsWith('__wbg_setTimeout_'))
      imports[name] = (run: () => void, ms: number) => setTimeout(run, ms).unref();
  }
  const { instance } = await WebAssembly.instantiate(await readFile(join(dirname(entry), 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': imports,
  });
  // The engine reports a fault of its own to this global before it stops working.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: throwPanic } });
  glue.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start !== 'function') throw new Error('the schema engine has no __wbindgen_start');
  start();
}

function throwPanic(message: string): never {
  throw new Error(`Prisma's schema engine broke: ${message}`);
}
