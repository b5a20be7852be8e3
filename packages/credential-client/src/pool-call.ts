/** How long the token pool may take to answer. */
export const CALL = { timeoutMs: 2_000 };
