export { clientErrorOf } from './client-error.js';
export { CredentialClient, type CredentialClientOptions, type Unavailable } from './credential-client.js';
export { ClosedError, NoCredentialError, PoolUnavailableError, UnknownCredentialError } from './errors.js';
export type { HeldGrant, ReportDetails } from './held-grant.js';
export { type BegunCall, type CallPlan, reportDetails, withCredential } from './with-credential.js';
