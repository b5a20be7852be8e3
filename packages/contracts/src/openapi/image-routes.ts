import { imageEditFieldsSchema } from '../api/images.js';
import { IMAGE_EXAMPLES } from './examples/images.js';
import type { ApiRoute, Reply } from './route.js';
import { MEDIA_ERRORS, UPSTREAM_ERRORS } from './shared-errors.js';

const REPLY: Reply = {
  description: 'The images; with `stream: true` each as it is ready, then all.',
  json: { schemas: ['Images'], examples: IMAGE_EXAMPLES.replies },
  events: { data: 'ImageEvent', example: IMAGE_EXAMPLES.stream },
};

/** Images that are made while the client waits. */
export const IMAGE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/images/generations',
    operationId: 'createImage',
    tag: 'Images',
    access: 'key',
    summary: 'Makes images from a prompt',
    body: { json: { schemas: ['ImageGenerationRequest'], examples: IMAGE_EXAMPLES.generations } },
    keyed: true,
    replies: { 200: REPLY },
    errors: [...MEDIA_ERRORS, ...UPSTREAM_ERRORS, 'invalid_size'],
  },
  {
    method: 'post',
    path: '/v1/images/edits',
    operationId: 'createImageEdit',
    tag: 'Images',
    access: 'key',
    summary: 'Makes images from 1 to 16 pictures and a prompt',
    description: 'Pictures are PNG, JPEG or WebP, up to 50 MB each. More than the upstream takes are tiled into grids.',
    body: {
      json: { schemas: ['ImageEditRequest'], examples: IMAGE_EXAMPLES.edits },
      form: {
        fields: imageEditFieldsSchema,
        files: { image: { many: true, required: false }, 'image[]': { many: true, required: false } },
        examples: IMAGE_EXAMPLES.editForms,
      },
    },
    keyed: true,
    replies: { 200: REPLY },
    errors: [...MEDIA_ERRORS, ...UPSTREAM_ERRORS, 'invalid_size', 'mask_not_supported'],
  },
];
