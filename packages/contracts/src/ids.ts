import { createHash } from 'node:crypto';
import { z } from 'zod';

const HEX_32 = '[0-9a-f]{32}';
const TASK_ID = new RegExp(`^task_${HEX_32}$`);
const CREDENTIAL_ID = new RegExp(`^cred_${HEX_32}$`);
const CLIENT_KEY_ID = new RegExp(`^key_${HEX_32}$`);
const CALLBACK_ID = new RegExp(`^msg_${HEX_32}$`);

/** Makes 16 random bytes as 32 lower-case hex digits. */
export type RandomHex = () => string;

/** A new task id: `task_` and 128 random bits. It is a capability: who knows it may read the task. */
export function newTaskId(randomHex: RandomHex): string {
  return `task_${randomHex()}`;
}

/** The media id of a picture. */
export const pictureIdSchema = z.string().regex(new RegExp(`^(file|image)_${HEX_32}\\.(png|jpg|webp)$`));

/** Whether a text has the form of a task id. */
export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/** Whether a text has the form of the id of a credential. */
export function isCredentialId(text: string): boolean {
  return CREDENTIAL_ID.test(text);
}

/** Whether a text has the form of the id of a client key that an administrator made. */
export function isClientKeyId(text: string): boolean {
  return CLIENT_KEY_ID.test(text);
}

/** The id of what is told of a task's end, `msg_` and 32 hex digits: a task ends once, and each attempt to tell it has the same id. */
export function callbackId(taskId: string): string {
  return `msg_${taskId.slice('task_'.length)}`;
}

/** Whether a text has the form of a callback's id. */
export function isCallbackId(text: string): boolean {
  return CALLBACK_ID.test(text);
}

/**
 * The media id of what a video task makes. It follows from the task's id, so that a worker that does the last step
 * again writes over its predecessor's file and leaves none behind.
 */
export function videoMediaId(taskId: string): string {
  return `video_${taskId.slice('task_'.length)}.mp4`;
}

/**
 * The media id of the nth image (from 0) that an image task makes, so that another worker finds what was stored already.
 * It follows from the task's id, but neither that id nor another image's follows from it: who shows one image to others
 * does not show them the task.
 */
export function imageMediaId(taskId: string, index: number, extension: string): string {
  const digest = createHash('sha256').update(`${taskId}/${index}`).digest('hex');
  return `image_${digest.slice(0, 32)}.${extension}`;
}
