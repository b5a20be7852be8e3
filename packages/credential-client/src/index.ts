export { clientErrorOf } from './client-error.js';
export { type AcquireOptions, CredentialClient, type CredentialClientOptions } from './credential-client.js';
export { type CredentialMetrics, credentialMetrics } from './credential-metrics.js';
export { ClosedError, NoCredentialError, PoolUnavailableError, UnknownCredentialError } from './errors.js';
export type { HeldGrant, ReportDetails } from './held-grant.js';
export type { Unavailable } from './unavailable.js';
export { type BegunCall, type CallPlan, reportDetails, withCredential } from './with-credential.js';
