import { imageEventSchema } from '@grok2api/contracts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { fileAddress } from '../../../api/file-address.js';
import { readEvents } from '../../../api/read-events.js';
import { send } from '../../../api/request.js';

export const GENERATIONS_PATH = '/v1/images/generations';
export const EDITS_PATH = '/v1/images/edits';

/** What is wanted. */
export interface ImageWish {
  model: string;
  prompt: string;
  /** WIDTHxHEIGHT, or `auto`. */
  size: string;
  n: number;
  /** Pictures to be edited; without any it is made anew. */
  files: readonly File[];
}

export interface ImagesState {
  /** Addresses of those that are ready, in their places. */
  images: (string | undefined)[];
  isBusy: boolean;
  error: Error | undefined;
  make: (wish: ImageWish) => Promise<void>;
  stop: () => void;
}

/** Images of one wish, each shown as soon as it is ready. */
export function useImages(): ImagesState {
  const [images, setImages] = useState<(string | undefined)[]>([]);
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const make = async (wish: ImageWish) => {
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    setError(undefined);
    setImages(Array.from({ length: wish.n }));
    try {
      const [path, body] = requestOf(wish);
      const answer = await send(path, { method: 'POST', ...body, signal: abort.signal });
      for await (const event of readEvents(imageEventSchema, answer)) {
        if ('index' in event) {
          const url = `data:image/${event.output_format};base64,${event.b64_json}`;
          setImages((before) => before.with(event.index, url));
        } else if ('data' in event) {
          setImages(event.data.map(({ url }) => (url === undefined ? undefined : fileAddress(url))));
        }
      }
    } catch (err) {
      if (!abort.signal.aborted) setError(err instanceof Error ? err : new Error(String(err)));
      setImages((before) => before.filter((url) => url !== undefined));
    } finally {
      setBusy(false);
    }
  };
  return { images, isBusy, error, make, stop };
}

function requestOf({ files, ...wish }: ImageWish): [string, { json: unknown } | { form: FormData }] {
  const fields = { ...wish, stream: true };
  if (files.length === 0) return [GENERATIONS_PATH, { json: fields }];
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  for (const file of files) form.append('image', file);
  return [EDITS_PATH, { form }];
}
