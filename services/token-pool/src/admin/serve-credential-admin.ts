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

/** Answers what an administrator asks and does about credentials. */
export function serveCredentialAdmin(bus: Bus, list: CredentialList, admin: CredentialAdmin): void {
  bus.serve(listCredentials, async (query) => {
    try {
      return { status: 'ok' as const, ...(await list.page(query)) };
    } catch (err) {
      if (err instanceof PageCursorError) return { status: 'bad_cursor' as const };
      throw err;
    }
  });
  bus.serve(addCredentials, async ({ credentials }) => ({ results: await admin.add(credentials) }));
  bus.serve(updateCredential, async ({ credential_id, changes }) => entry(await admin.update(credential_id, changes)));
  bus.serve(clearCooling, async ({ credential_id }) => entry(await admin.clearCooling(credential_id)));
  bus.serve(deleteCredential, async ({ credential_id }) => entry(await admin.delete(credential_id)));
}

function entry(credential: CredentialEntry | undefined) {
  return { credential: credential ?? null };
}
