export { InvalidCidrError } from './address-policy.js';
export { checkPublicUrl, type UrlCheck } from './check-url.js';
export {
  BadResponseError,
  BadUrlError,
  BlockedAddressError,
  BodyTooLargeError,
  ConnectFailedError,
  FetchTimeoutError,
  SafeFetchError,
  type SafeFetchReason,
  TooManyRedirectsError,
} from './errors.js';
export { fetchSettings, proxySetting } from './fetch-settings.js';
export { ProxyTunnels } from './proxy-tunnels.js';
export {
  createSafeFetch,
  type FetchResponse,
  type GetOptions,
  type PostOptions,
  type SafeFetch,
  type SafeFetchOptions,
} from './safe-fetch.js';
