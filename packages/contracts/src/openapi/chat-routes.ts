import { CHAT_EXAMPLES } from './examples/chat.js';
import type { ApiRoute } from './route.js';
import { MEDIA_ERRORS, UPSTREAM_ERRORS } from './shared-errors.js';

/** What a chat completion is sent and replied to, whatever its model makes. */
export const CHAT_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    operationId: 'createChatCompletion',
    tag: 'Chat',
    access: 'key',
    summary: 'Completes a chat; with a video or image model makes a video or an image',
    description:
      'What is made depends on the model. With a video model the last user message is the prompt and its first picture the first frame; the video is an ordinary task, which is awaited, and cancelled when the client leaves. With an image model one image is made, or edited where pictures are attached.',
    headers: {
      'x-stainless-timeout': 'How long the client waits for the beginning of the answer, in seconds.',
    },
    body: {
      json: {
        schemas: ['ChatCompletionRequest', 'VideoCompletionRequest', 'ImageCompletionRequest'],
        examples: CHAT_EXAMPLES.requests,
      },
    },
    keyed: true,
    replies: {
      200: {
        description: 'The answer; with `stream: true` as it is made, ended by `[DONE]`.',
        json: { schemas: ['ChatCompletion'], examples: CHAT_EXAMPLES.replies },
        events: { data: 'ChatCompletionEvent', example: CHAT_EXAMPLES.stream },
        headers: ['x-task-id'],
      },
    },
    errors: [
      ...MEDIA_ERRORS,
      ...UPSTREAM_ERRORS,
      'too_many_pending_tasks',
      'task_cancelled',
      'task_timeout',
      'worker_lost',
      'queue_timeout',
      'submit_outcome_unknown',
    ],
  },
];
