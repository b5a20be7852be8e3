import { errorMessage } from '@grok2api/contracts';
import { originOf } from '@grok2api/grok-upstream';
import { MediaEmptyError, MediaTooLargeError } from '@grok2api/media-store';
import { SafeFetchError } from '@grok2api/safe-fetch';
import { backoffMs, pause } from '@grok2api/service-kit';
import type { ClaimedTask } from '@grok2api/task-engine';
import type { VideoDependencies } from './dependencies.js';

const DOWNLOAD_TIMEOUT_MS = 600_000;
const IDLE_TIMEOUT_MS = 30_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 15_000;
/** An MP4 file names its type in the bytes 4 to 8. */
const MP4_MARK = 'ftyp';
const MP4_HEAD_BYTES = 8;

/** What the upstream serves as the video is none. */
class NotAVideoError extends Error {
  override readonly name = 'NotAVideoError';
}

/**
 * Streams the finished video into the media store.
 * @param attempt downloads of this task that failed before, for the pause
 * @returns `stored`; `again` when a later try, with a fresh URL, may help; `ended` when the task was failed
 * @throws TaskLeftError
 */
export async function downloadVideo(
  claimed: ClaimedTask,
  url: string,
  mediaId: string,
  attempt: number,
  dependencies: VideoDependencies,
): Promise<'stored' | 'again' | 'ended'> {
  const { random } = dependencies;
  try {
    await fetchInto(claimed, url, mediaId, dependencies);
    claimed.throwIfLeft();
    return 'stored';
  } catch (err) {
    claimed.throwIfLeft();
    const reason = finalReason(err);
    claimed.log.warn({ err, final: reason !== undefined }, 'a download failed');
    if (reason !== undefined) {
      await claimed.fail({ code: 'result_unavailable', message: errorMessage('result_unavailable', { reason }) });
      return 'ended';
    }
    await pause(backoffMs(attempt, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS, random), claimed.left, claimed.stopping);
    return 'again';
  }
}

async function fetchInto(
  claimed: ClaimedTask,
  url: string,
  mediaId: string,
  { credentials, safeFetch, media, maxResultBytes }: VideoDependencies,
): Promise<void> {
  const credential = await credentials.credentialOf(claimed.task.credentialId ?? '');
  const answer = await safeFetch.get(url, {
    maxBytes: maxResultBytes,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    signal: claimed.left,
    // The operator chose the upstream: its own host may be anywhere, even on loopback.
    trustedOrigins: [originOf(credential)],
  });
  if (answer.status !== 200) {
    answer.body.destroy();
    throw new Error(`the upstream's file server answered ${answer.status}`);
  }
  await media.put(mediaId, checkMp4(answer.body), { maxBytes: maxResultBytes, signal: claimed.left });
}

async function* checkMp4(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of source) {
    if (head) {
      head = Buffer.concat([head, chunk]);
      if (head.length < MP4_HEAD_BYTES) continue;
      if (Buffer.from(head.subarray(4, MP4_HEAD_BYTES)).toString('latin1') !== MP4_MARK) {
        throw new NotAVideoError('the upstream served something else than an MP4 file');
      }
      yield head;
      head = undefined;
    } else {
      yield chunk;
    }
  }
  if (head) throw new NotAVideoError('the upstream served an empty or cut file');
}

/** Why no later try would help; undefined when one may. */
function finalReason(err: unknown): string | undefined {
  if (err instanceof MediaTooLargeError) return 'the file is too large';
  if (err instanceof MediaEmptyError || err instanceof NotAVideoError) return undefined;
  if (
    err instanceof SafeFetchError &&
    (err.reason === 'blocked_address' || err.reason === 'bad_url' || err.reason === 'too_large')
  ) {
    return err.message;
  }
  return undefined;
}
