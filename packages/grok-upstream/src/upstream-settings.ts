import { proxySetting } from '@grok2api/safe-fetch';

/** The settings of calling the upstream: a part of the settings of each service that does. */
export const upstreamSettings = {
  UPSTREAM_PROXY: proxySetting()
    .optional()
    .describe(
      'HTTP proxy for the calls of the upstream, `http://user:password@host:port`, which finds out itself where the upstream is. A credential may have its own in its place. What the upstream made is fetched through FETCH_PROXY.',
    ),
};
