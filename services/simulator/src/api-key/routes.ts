import { jsonAnswer } from '../wire/answer.js';
import { keySha256 } from '../wire/key-hash.js';
import type { WireRoute } from '../wire/route.js';

const CREATED_AT = '2026-01-01T00:00:00Z';

/** What xAI tells about the key that asks. */
export function apiKeyRoutes(): WireRoute[] {
  return [
    {
      method: 'GET',
      template: '/v1/api-key',
      needsKey: true,
      handle: ({ key }) => {
        const hash = keySha256(key);
        return jsonAnswer({
          redacted_api_key: `xai-...${key.slice(-4)}`,
          name: 'simulated key',
          user_id: 'simulated-user',
          team_id: 'simulated-team',
          api_key_id: hash.slice(0, 32),
          create_time: CREATED_AT,
          modify_time: CREATED_AT,
          acls: ['api-key:endpoint:*', 'api-key:model:*'],
          team_blocked: false,
          api_key_blocked: false,
          api_key_disabled: false,
        });
      },
    },
  ];
}
