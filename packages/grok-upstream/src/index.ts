export {
  type Submitted,
  UPSTREAM_FAULTS,
  UpstreamError,
  type UpstreamErrorDetails,
  type UpstreamFault,
} from './errors.js';
export type {
  CallOptions,
  GrokUpstream,
  KeyState,
  UpstreamModel,
  UpstreamVideoRequest,
  VideoJob,
  VideoJobFault,
} from './grok-upstream.js';
export { originOf } from './origin.js';
export { applyPreset, DEFAULT_PRESET_SUFFIXES, type VideoPreset } from './presets.js';
export { createXaiUpstream, type XaiSettings } from './xai/xai-upstream.js';
