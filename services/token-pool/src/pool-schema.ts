/** The Postgres schema that the token pool owns. Raw SQL names it in full. */
export const POOL_SCHEMA = 'pool';
