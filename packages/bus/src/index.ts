export { Bus, type StopOptions } from './bus.js';
export { type BusMetrics, busMetrics } from './bus-metrics.js';
export type { ConnectOptions } from './connection.js';
export type { FoundProcess } from './discovery.js';
export { BusTimeoutError, NoResponderError, RemoteError } from './errors.js';
export type { Subscription } from './events.js';
export type { CallOptions, RequestContext, RpcHandler } from './request.js';
export type { AnnouncedProcess } from './service-api.js';
export {
  RequesterLeftError,
  RequestTooLargeError,
  ResponderLostError,
  StreamError,
} from './streamed-reply/errors.js';
export type { ReplyStream } from './streamed-reply/incoming-reply.js';
export type { ReplyWriter } from './streamed-reply/outgoing-reply.js';
export type { OpenStreamOptions } from './streamed-reply/requester.js';
export type { ServeStreamOptions, StreamContext, StreamHandler } from './streamed-reply/responder.js';
