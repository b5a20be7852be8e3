import { z } from 'zod';
import { UPLOAD_EXAMPLES } from './examples/uploads.js';
import type { ApiRoute } from './route.js';

const FILE_TYPES = ['video/mp4', 'image/jpeg', 'image/png', 'image/webp'];
const files = Object.fromEntries(FILE_TYPES.map((type) => [type, 'The file.']));

/** Pictures that clients bring, and what was made. */
export const FILE_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/video/upload',
    operationId: 'uploadPicture',
    tag: 'Files',
    access: 'key',
    summary: 'Takes a picture: PNG, JPEG or WebP, up to 50 MB',
    body: { form: { fields: z.object({}), files: { file: { many: false, required: true } } } },
    keyed: true,
    replies: {
      200: { description: 'It is here for a day.', json: { schemas: ['Upload'], examples: UPLOAD_EXAMPLES.uploaded } },
    },
  },
  {
    method: 'get',
    path: '/v1/files/{file_id}',
    operationId: 'getFile',
    tag: 'Files',
    access: 'public',
    summary: 'A result or an upload; `HEAD` tells of it',
    description: 'The address is a capability: whoever knows it may read the file, for a day.',
    params: z.object({ file_id: z.string() }),
    headers: {
      range: 'One range of bytes.',
      'if-none-match': 'ETags.',
      'if-modified-since': 'A time.',
      'if-range': 'An ETag or a time.',
    },
    replies: {
      200: { description: 'The whole file.', other: files },
      206: { description: 'A part of it.', other: files },
      304: { description: 'It is the one that the client has.' },
    },
    errors: ['file_not_found', 'range_not_satisfiable'],
  },
];
