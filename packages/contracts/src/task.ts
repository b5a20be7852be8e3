import { z } from 'zod';

/** What a task makes. */
export const TASK_KINDS = ['video', 'image'] as const;
export const taskKindSchema = z.enum(TASK_KINDS);
export type TaskKind = z.infer<typeof taskKindSchema>;

/** A task's state. States go forward only; who works on a task is its claim, which is no state. */
export const TASK_STATES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export const taskStateSchema = z.enum(TASK_STATES);
export type TaskState = z.infer<typeof taskStateSchema>;

/** The states that a task never leaves. */
export const END_STATES = ['completed', 'failed', 'cancelled'] as const;
export type EndState = (typeof END_STATES)[number];

/** Whether a task in this state has ended. */
export function hasEnded(state: TaskState): state is EndState {
  return (END_STATES as readonly TaskState[]).includes(state);
}

export const ASPECT_RATIOS = ['2:3', '3:2', '1:1', '9:16', '16:9'] as const;
export const VIDEO_LENGTHS = [6, 10] as const;
export const VIDEO_RESOLUTIONS = ['480p', '720p'] as const;
export const VIDEO_PRESETS = ['fun', 'normal', 'spicy', 'custom'] as const;

/** Where a service finds a picture: a file of the media store, or an address that it fetches. */
export const pictureSourceSchema = z.union([z.object({ media: z.string() }), z.object({ url: z.string() })]);
export type PictureSource = z.infer<typeof pictureSourceSchema>;

/** How a video is to be made: parsed from the request, kept in the task's row as JSON. */
export const videoParamsSchema = z.object({
  aspect_ratio: z.enum(ASPECT_RATIOS),
  video_length: z.literal(VIDEO_LENGTHS),
  resolution: z.enum(VIDEO_RESOLUTIONS),
  preset: z.enum(VIDEO_PRESETS),
  /** The first frame. */
  image: pictureSourceSchema.optional(),
});
export type VideoParams = z.infer<typeof videoParamsSchema>;

/** The shapes of an image, as xAI's API reference has them. `auto` leaves the shape to the upstream. */
export const IMAGE_ASPECT_RATIOS = [
  '1:1',
  '3:4',
  '4:3',
  '9:16',
  '16:9',
  '2:3',
  '3:2',
  '9:19.5',
  '19.5:9',
  '9:20',
  '20:9',
  '1:2',
  '2:1',
] as const;
export const IMAGE_RESOLUTIONS = ['1k', '2k'] as const;
/** What the models that know qualities at all take. */
export const IMAGE_QUALITIES = ['low', 'medium', 'auto'] as const;
export const IMAGE_RESPONSE_FORMATS = ['url', 'b64_json', 'base64'] as const;
export const MAX_IMAGES = 10;

/** How images are to be made, in the upstream's terms; the same on the bus, and as JSON in a task's row. */
export const imageParamsSchema = z.object({
  n: z.number().int().min(1).max(MAX_IMAGES),
  aspect_ratio: z.enum([...IMAGE_ASPECT_RATIOS, 'auto']),
  resolution: z.enum(IMAGE_RESOLUTIONS).optional(),
  quality: z.enum(IMAGE_QUALITIES).optional(),
  response_format: z.enum(IMAGE_RESPONSE_FORMATS),
  /** Whose request it is, as the client says. */
  user: z.string().optional(),
});
export type ImageParams = z.infer<typeof imageParamsSchema>;

/** What a task makes, and how. */
export const taskWorkSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('video'), params: videoParamsSchema }),
  z.object({ kind: z.literal('image'), params: imageParamsSchema }),
]);
export type TaskWork = z.infer<typeof taskWorkSchema>;

/** Why a task failed. `code` is of the error catalogue where the fault has an entry there. */
export const taskErrorSchema = z.object({ code: z.string(), message: z.string() });
export type TaskError = z.infer<typeof taskErrorSchema>;

/** What a completed task made: media ids, in order. */
export const taskResultSchema = z.object({ media: z.array(z.string()).min(1) });
export type TaskResult = z.infer<typeof taskResultSchema>;
