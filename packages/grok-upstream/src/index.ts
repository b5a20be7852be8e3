export type {
  ChatChoice,
  ChatDelta,
  ChatEvent,
  ChatReply,
  ChatStream,
  ChatToolCall,
  ChatUsage,
  UpstreamChatRequest,
  UpstreamContentPart,
  UpstreamMessage,
  UpstreamResponseFormat,
  UpstreamTool,
} from './chat.js';
export {
  type Submitted,
  UPSTREAM_FAULTS,
  UpstreamError,
  type UpstreamErrorDetails,
  type UpstreamFault,
} from './errors.js';
export type { CallOptions, GrokUpstream, KeyState, UpstreamModel } from './grok-upstream.js';
export type { UpstreamImage, UpstreamImageRequest, UpstreamImages } from './images.js';
export { measureUpstream } from './measured-upstream.js';
export { originOf } from './origin.js';
export { applyPreset, DEFAULT_PRESET_SUFFIXES, type VideoPreset } from './presets.js';
export { type UpstreamMetrics, upstreamMetrics } from './upstream-metrics.js';
export { upstreamSettings } from './upstream-settings.js';
export type { UpstreamVideoRequest, VideoJob, VideoJobFault } from './videos.js';
export { createXaiUpstream, type XaiSettings } from './xai/xai-upstream.js';
