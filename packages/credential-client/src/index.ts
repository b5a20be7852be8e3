export { CredentialClient, type CredentialClientOptions, type Unavailable } from './credential-client.js';
export { ClosedError, PoolUnavailableError, UnknownCredentialError } from './errors.js';
export type { HeldGrant, ReportDetails } from './held-grant.js';
