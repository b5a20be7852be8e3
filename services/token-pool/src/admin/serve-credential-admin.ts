import type { Bus } from '@grok2api/bus';
import {
  addCredentials,
  type CredentialEntry,
  clearCooling,
  deleteCredential,
  listCredentials,
  updateCredential,
} from '@grok2api/contracts';
import { PageCursorError } from '../page-cursor.js';
import type { CredentialAdmin } from './credential-admin.js';
import type { CredentialList } from './credential-list.js';

export interface CredentialAdminParts {
  bus: Bus;
  list: CredentialList;
  admin: CredentialAdmin;
  /** Heeds what was changed, here and wherever grants are held. */
  changed: (ids: readonly string[]) => Promise<void>;
}

/** Answers what an administrator asks and does about credentials. A change counts when its answer is there. */
export function serveCredentialAdmin({ bus, list, admin, changed }: CredentialAdminParts): void {
  const done = async (id: string, change: Promise<CredentialEntry | undefined>) => {
    const credential = await change;
    if (credential) await changed([id]);
    return { credential: credential ?? null };
  };

  bus.serve(listCredentials, async (query) => {
    try {
      return { status: 'ok' as const, ...(await list.page(query)) };
    } catch (err) {
      if (err instanceof PageCursorError) return { status: 'bad_cursor' as const };
      throw err;
    }
  });
  bus.serve(addCredentials, async ({ credentials }) => {
    const results = await admin.add(credentials);
    await changed(results.flatMap(({ id, status }) => (status === 'duplicate' ? [] : [id])));
    return { results };
  });
  bus.serve(updateCredential, ({ credential_id: id, changes }) => done(id, admin.update(id, changes)));
  bus.serve(clearCooling, ({ credential_id: id }) => done(id, admin.clearCooling(id)));
  bus.serve(deleteCredential, ({ credential_id: id }) => done(id, admin.delete(id)));
}
