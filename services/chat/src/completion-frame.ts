/** What all parts of one answer have in common. */
export interface CompletionFrame {
  /** `chatcmpl-…` */
  id: string;
  /** Seconds since 1970. */
  created: number;
  /** As the client named it. */
  model: string;
}
