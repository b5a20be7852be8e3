import type { Credential } from '@grok2api/contracts';
import { z } from 'zod';
import type { CallOptions, KeyState } from '../grok-upstream.js';
import type { XaiClient } from './client.js';
import { isSuccess } from './faults.js';
import { lenient, lenientList } from './lenient.js';
import { refusalOf } from './refusal.js';

const keySchema = z
  .object({
    team_blocked: lenient(z.boolean()),
    api_key_blocked: lenient(z.boolean()),
    api_key_disabled: lenient(z.boolean()),
    acls: lenientList(z.string()).catch([]),
  })
  // An object that says nothing about a key is not the answer of this route.
  .refine((key) => [key.team_blocked, key.api_key_blocked, key.api_key_disabled].some((flag) => flag !== undefined));

/** `GET /api-key`. @throws UpstreamError when the answer does not tell the state of the key */
export async function checkKey(client: XaiClient, credential: Credential, options: CallOptions): Promise<KeyState> {
  const answer = await client.call(credential, { kind: 'read', method: 'GET', path: '/api-key' }, options);
  const key = keySchema.safeParse(answer.json);
  if (isSuccess(answer.status) && key.success) {
    const { team_blocked, api_key_blocked, api_key_disabled, acls } = key.data;
    if (api_key_blocked) return { usable: false, reason: 'key_blocked' };
    if (api_key_disabled) return { usable: false, reason: 'key_disabled' };
    if (team_blocked) return { usable: false, reason: 'team_blocked' };
    return { usable: true, acls };
  }
  const error = refusalOf('read', answer, credential);
  if (error.fault === 'credential_dead') return { usable: false, reason: 'wrong_key' };
  throw error;
}
