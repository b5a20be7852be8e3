import { z } from 'zod';
import { AddressPolicy, InvalidCidrError } from './address-policy.js';

const PROXY_SCHEMES = ['http:', 'https:'];

/** The URL of an HTTP proxy. */
export function proxySetting() {
  return z.string().refine((text) => URL.canParse(text) && PROXY_SCHEMES.includes(new URL(text).protocol), {
    // The value may carry a password: it is not repeated.
    error: 'must be a URL beginning with http:// or https://',
  });
}

/** The settings of fetching: a part of the settings of each service that fetches, or that judges addresses. */
export const fetchSettings = {
  FETCH_ALLOW: z
    .string()
    .transform((text, context) => {
      const networks = text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
      try {
        new AddressPolicy(networks);
      } catch (error) {
        if (!(error instanceof InvalidCidrError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
      }
      return networks;
    })
    .prefault('')
    .describe(
      'Networks (CIDR) that the addresses which clients name, of pictures and callbacks, may lie in although they are not public; on every port.',
    ),
  FETCH_PROXY: proxySetting()
    .optional()
    .describe(
      'HTTP proxy for fetching what clients and upstream name, `http://user:password@host:port`. It is asked to CONNECT to addresses resolved here, on the ports 80 and 443.',
    ),
};
