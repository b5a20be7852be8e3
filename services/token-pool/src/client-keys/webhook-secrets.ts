import { type ClientKeyEntry, isClientKeyId } from '@grok2api/contracts';
import type { Database } from '../database.js';
import type { Secrets } from '../secrets.js';
import { toEntry } from './client-key-rows.js';

/** How long the secret before goes on beside the present one: as long as callbacks are attempted. */
const OVERLAP_MS = 86_400_000;

/** What the callbacks of a client key are signed with. */
export interface SigningSecrets {
  current: string;
  /** The one before, while receivers may not know the present one yet. */
  previous: string | undefined;
}

/** The secrets of client keys that callbacks are signed with, encrypted in Postgres. */
export class WebhookSecrets {
  constructor(
    private readonly database: Database,
    private readonly secrets: Secrets,
    /** Makes 16 random bytes as hex digits. */
    private readonly randomHex: () => string,
    private readonly now: () => number,
  ) {}

  /** Gives a client key its secret, or another one. Undefined is answered for a key that never was. */
  async replace(keyId: string, secret: string): Promise<ClientKeyEntry | undefined> {
    if (!isClientKeyId(keyId)) return undefined;
    const id = `webhook_${this.randomHex()}`;
    const secretEncrypted = this.secrets.encrypt(secret, id);
    return this.database.$transaction(async (transaction) => {
      // One at a time for each key.
      await transaction.$executeRaw`SELECT FROM pool.client_keys WHERE id = ${keyId} FOR UPDATE`;
      const key = await transaction.clientKey.findUnique({
        where: { id: keyId },
        include: { webhookSecrets: { select: { id: true }, orderBy: { createdAt: 'desc' } } },
      });
      if (!key) return undefined;
      const older = key.webhookSecrets.slice(1).map((each) => each.id);
      await transaction.webhookSecret.deleteMany({ where: { id: { in: older } } });
      await transaction.webhookSecret.create({ data: { id, keyId, secretEncrypted, createdAt: new Date(this.now()) } });
      return toEntry(key);
    });
  }

  /** The secrets of a client key; undefined when it has none. @throws DecryptError */
  async of(keyId: string): Promise<SigningSecrets | undefined> {
    if (!isClientKeyId(keyId)) return undefined;
    const [newest, before] = await this.database.webhookSecret.findMany({
      where: { keyId },
      orderBy: { createdAt: 'desc' },
      take: 2,
    });
    if (!newest) return undefined;
    const overlaps = newest.createdAt.getTime() > this.now() - OVERLAP_MS;
    return {
      current: this.secrets.decrypt(newest.secretEncrypted, newest.id),
      previous: before && overlaps ? this.secrets.decrypt(before.secretEncrypted, before.id) : undefined,
    };
  }
}
