export { PictureError } from './picture-error.js';
export {
  createUpstreamPictures,
  type PictureSource,
  type UpstreamPictures,
  type UpstreamPicturesOptions,
} from './upstream-pictures.js';
