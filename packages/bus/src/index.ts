export { Bus } from './bus.js';
export type { ConnectOptions } from './connection.js';
export { BusTimeoutError, NoResponderError, RemoteError } from './errors.js';
export type { Subscription } from './events.js';
export type { CallOptions, RequestContext, RpcHandler } from './request.js';
