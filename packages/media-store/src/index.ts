export { FilesystemMediaStore } from './filesystem.js';
export { InvalidMediaIdError, type MediaId, parseMediaId } from './media-id.js';
export { type MediaMetrics, mediaMetrics } from './media-metrics.js';
export {
  type ByteRange,
  MediaEmptyError,
  MediaRangeError,
  type MediaSource,
  type MediaStat,
  type MediaStore,
  MediaStoreUnavailableError,
  MediaTooLargeError,
  type OpenMedia,
  type PutOptions,
  type SweepOptions,
  type SweepResult,
} from './media-store.js';
export {
  type MediaCacheOptions,
  type MediaStoreSettings,
  mediaStoreSettings,
  openMediaStore,
  requireMediaStore,
} from './open-media-store.js';
export { type PictureType, pictureType } from './picture-type.js';
export type { S3Address } from './s3/s3-address.js';
