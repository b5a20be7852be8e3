import type { Credential } from '@grok2api/contracts';
import type { Secrets } from './secrets.js';

/** What of a row a caller of the upstream needs; what is encrypted is so for the row's id. */
export interface EncryptedCredential {
  id: string;
  secretEncrypted: Uint8Array;
  baseUrl: string;
  /** `http://host:port`, or https; null is no proxy of its own. */
  proxyUrl: string | null;
  /** `user:password`, in the escapes of a URL. */
  proxyLoginEncrypted: Uint8Array | null;
}

/**
 * How the proxy of a credential is stored.
 * @param url `http://user:password@host:port`; null is none
 */
export function encryptProxy(url: string | null, secrets: Secrets, id: string) {
  if (url === null) return { proxyUrl: null, proxyLoginEncrypted: null };
  const { protocol, host, username, password } = new URL(url);
  const hasLogin = username !== '' || password !== '';
  return {
    proxyUrl: `${protocol}//${host}`,
    proxyLoginEncrypted: hasLogin ? secrets.encrypt(`${username}:${password}`, id) : null,
  };
}

/** A credential as it is handed out. @throws DecryptError */
export function decryptCredential(row: EncryptedCredential, secrets: Secrets): Credential {
  const { id, secretEncrypted, baseUrl, proxyUrl, proxyLoginEncrypted } = row;
  const credential = { id, secret: secrets.decrypt(secretEncrypted, id), base_url: baseUrl };
  if (proxyUrl === null) return credential;
  if (proxyLoginEncrypted === null) return { ...credential, proxy_url: proxyUrl };
  const login = secrets.decrypt(proxyLoginEncrypted, id);
  return { ...credential, proxy_url: proxyUrl.replace('//', () => `//${login}@`) };
}
