import { isIP } from 'node:net';
import type { ChatCompletionBody, ChatPicture, ChatRequest } from '@grok2api/contracts';
import type { Request } from 'express';
import { type PictureAddressDependencies, readPictureAddress } from './picture-address.js';

/**
 * The messages of a chat completion with each picture's address read: a data URL and a public https address are sent
 * on, a file of this server and what the upstream could not fetch are read by this system.
 * @throws ApiError `invalid_image_url`, `invalid_image`
 */
export async function resolveChatPictures(
  messages: ChatCompletionBody['messages'],
  req: Request,
  dependencies: PictureAddressDependencies,
): Promise<ChatRequest['messages']> {
  const resolved: ChatRequest['messages'] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'user') resolved.push(message);
    else if (typeof message.content === 'string') resolved.push({ ...message, content: message.content });
    else {
      const content = [];
      for (const [part, entry] of message.content.entries()) {
        if (entry.type === 'text') content.push(entry);
        else {
          const param = `messages.${index}.content.${part}.image_url.url`;
          const picture = await locate(entry.image_url.url, param, req, dependencies);
          content.push({ type: entry.type, picture, detail: entry.image_url.detail });
        }
      }
      resolved.push({ ...message, content });
    }
  }
  return resolved;
}

async function locate(
  url: string,
  param: string,
  req: Request,
  dependencies: PictureAddressDependencies,
): Promise<ChatPicture> {
  const picture = await readPictureAddress(url, param, req, dependencies);
  switch (picture.kind) {
    case 'data':
      return { url };
    case 'own':
      return { media: picture.media };
    case 'elsewhere':
      return isForUpstream(picture.url, dependencies.fetchAllow) ? { url } : { fetch: url };
  }
}

/** Whether the upstream takes the address: https, and not one that is reachable from here only. */
function isForUpstream({ protocol, hostname }: URL, fetchAllow: readonly string[]): boolean {
  const literal = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return protocol === 'https:' && !(literal && fetchAllow.length > 0);
}
