import { upstreamSettings } from '@grok2api/grok-upstream';
import { mediaStoreSettings, requireMediaStore } from '@grok2api/media-store';
import { fetchSettings } from '@grok2api/safe-fetch';
import { integerSetting, natsUrlSetting, readSettings } from '@grok2api/service-kit';
import { z } from 'zod';

/** The environment that the chat service reads. */
export const settingsSchema = z.object({
  NATS_URL: natsUrlSetting().describe('Address of the NATS server, with user and password.'),
  ...mediaStoreSettings,
  ...fetchSettings,
  ...upstreamSettings,
  CHAT_IDLE_TIMEOUT_MS: integerSetting({ min: 100, max: 3_600_000 })
    .prefault('120000')
    .describe('How long the upstream may be silent in the middle of a streamed chat completion, in milliseconds.'),
  CHAT_MAX_IN_FLIGHT: integerSetting({ min: 1, max: 100_000 })
    .prefault('1000')
    .describe('Chat completions that one chat service works on at a time; more are refused.'),
  CREDENTIAL_WAIT_MS: integerSetting({ max: 60_000 })
    .prefault('2000')
    .describe('How long a request waits for a credential while all are in use, in milliseconds.'),
  REASONING_FORMAT: z
    .enum(['reasoning_content', 'think-tags'], { error: 'must be reasoning_content or think-tags' })
    .prefault('reasoning_content')
    .describe(
      'How the reasoning of a text model is shown: in the field `reasoning_content`, or in the content between `<think>` tags (`think-tags`).',
    ),
});

/** The chat service's settings, checked. */
export type ChatSettings = z.infer<typeof settingsSchema>;

/** Reads the chat service's settings. @throws SettingsError listing every fault */
export function readChatSettings(env: NodeJS.ProcessEnv): ChatSettings {
  return readSettings(settingsSchema.superRefine(requireMediaStore), env);
}
