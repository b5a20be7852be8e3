/** Which client's request a message belongs to. */
export const REQUEST_ID_HEADER = 'X-Request-Id';
/** Milliseconds that were left for the whole request when the message was sent. */
export const DEADLINE_HEADER = 'Grok-Deadline-Ms';
/** The media id under which the body of a message lies that was too big to be sent. */
export const CLAIM_HEADER = 'Grok-Claim';
