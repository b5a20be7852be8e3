import { z } from 'zod';

const faultSchema = z.union([
  /** Answers this instead. A string is sent as plain text, anything else as JSON; without a body it is empty. */
  z.strictObject({
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.unknown().optional(),
  }),
  /** Handles the request as usual after this time. */
  z.strictObject({ delay_ms: z.int().min(0).max(3_600_000) }),
  /** Never answers. */
  z.strictObject({ hang: z.literal(true) }),
  /**
   * Destroys the connection. `before_headers`: nothing is processed. `mid_body`: after the head and half of the body;
   * the real answer is cut (a stream amid a line), but a create of a video is not processed and half of a made-up answer
   * is sent.
   */
  z.strictObject({ cut: z.enum(['before_headers', 'mid_body']) }),
  /** Processes the request for real (a create makes its job), then destroys the connection without an answer. */
  z.strictObject({ cut_after: z.literal(true) }),
]);

/** What a rule does to the requests it matches. */
export type Fault = z.infer<typeof faultSchema>;

/** A rule as it is added: what it matches (everything, when empty), how often, and the fault. */
export const faultRuleSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().toUpperCase().optional(),
      /** A prefix, or with `*` a pattern for the whole path. */
      path: z.string().optional(),
      /** The whole API key. */
      key: z.string().optional(),
      /** The `model` of the request's body; requests without one never match. */
      model: z.string().optional(),
    })
    .default({}),
  /** How many requests it hits; null means every one. */
  times: z.int().min(1).nullable().default(1),
  fault: faultSchema,
});

export type FaultRule = z.infer<typeof faultRuleSchema>;
