import type { Credential } from '@grok2api/contracts';

/**
 * The origin (`https://api.x.ai`) of a credential's base URL. The operator chose it, so that result URLs on it may be
 * fetched even where its address is private.
 * @throws TypeError when the base URL is no URL
 */
export function originOf(credential: Credential): string {
  return new URL(credential.base_url).origin;
}
