import type { ReplyWriter, StreamContext } from '@grok2api/bus';
import { ApiError, type ChatRequest } from '@grok2api/contracts';
import {
  type BegunCall,
  type CallPlan,
  type CredentialClient,
  clientErrorOf,
  reportDetails,
  withCredential,
} from '@grok2api/credential-client';
import { type ChatUsage, type GrokUpstream, type UpstreamChatRequest, UpstreamError } from '@grok2api/grok-upstream';
import type { UpstreamPictures } from '@grok2api/pictures';
import type { Logger } from '@grok2api/service-kit';
import type { UsageReporter } from '@grok2api/usage-client';
import type { CompletionFrame } from './completion-frame.js';
import { Deadline } from './deadline.js';
import type { ChatMetrics } from './metrics.js';
import { pictureUrl } from './picture-urls.js';
import { type ReasoningView, reasoningView } from './reasoning.js';
import { StreamedReply } from './streamed-reply.js';
import { toUpstreamRequest } from './upstream-request.js';
import { wholeReply } from './whole-reply.js';

/** Calls made at most for one request, each with another credential where there is one. */
const MAX_TRIES = 3;

/** What completing a chat needs from outside. */
export interface CompletionDependencies {
  credentials: CredentialClient;
  usage: UsageReporter;
  upstream: GrokUpstream;
  pictures: UpstreamPictures;
  reasoningFormat: Exclude<ReasoningView, 'hidden'>;
  /** How long the upstream may be silent in the middle of a stream, in ms. */
  idleTimeoutMs: number;
  /** How long to wait while every credential is busy, in ms. */
  credentialWaitMs: number;
  log: Logger;
  metrics: ChatMetrics;
  /** A new id of an answer, without its prefix. */
  newId: () => string;
  now: () => number;
  random: () => number;
}

/** One request on its way. */
interface Work {
  request: ChatRequest;
  upstreamRequest: UpstreamChatRequest;
  frame: CompletionFrame;
  view: ReasoningView;
  reply: ReplyWriter;
  requestId: string;
  /** Aborted when the client leaves, or when the answer has not begun in time. */
  signal: AbortSignal;
  deadline: Deadline;
  /** Notes that the answer begins. */
  begins: () => void;
}

/**
 * Answers one chat completion. Until the first byte of the answer is there a call that fails is made again with another
 * credential, within the request's deadline; afterwards never.
 * @throws ApiError; the context's reason when the client has left
 */
export async function complete(
  request: ChatRequest,
  reply: ReplyWriter,
  context: StreamContext,
  dependencies: CompletionDependencies,
): Promise<void> {
  const { now, newId, pictures, reasoningFormat, metrics } = dependencies;
  const begins = metrics.firstOutput.startTimer({ streamed: String(request.stream) });
  const deadline = new Deadline(context.deadlineMs, context.signal);
  const { signal } = deadline;
  try {
    const upstreamRequest = await toUpstreamRequest(request, (picture) => pictureUrl(picture, pictures, signal));
    const work: Work = {
      request,
      upstreamRequest,
      frame: { id: `chatcmpl-${newId()}`, created: Math.floor(now() / 1000), model: request.model.id },
      view: reasoningView(request, reasoningFormat),
      reply,
      requestId: context.requestId,
      signal,
      deadline,
      begins,
    };
    if (request.stream) await answerStreamed(work, dependencies);
    else await answerWhole(work, dependencies);
  } catch (err) {
    context.signal.throwIfAborted();
    if (signal.aborted) {
      throw new ApiError('upstream_timeout', { headers: { 'x-should-retry': 'false' }, cause: err });
    }
    throw clientErrorOf(err) ?? err;
  } finally {
    deadline.met();
  }
}

async function answerWhole(work: Work, dependencies: CompletionDependencies): Promise<void> {
  const { upstream } = dependencies;
  const { upstreamRequest, frame, view, reply, requestId, signal, deadline, begins } = work;
  const call = await withCredential(dependencies.credentials, planOf(work, dependencies), (credential) =>
    upstream.completeChat(credential, upstreamRequest, { signal, requestId }),
  );
  deadline.met();
  begins();
  call.end('ok');
  // The client comes before the log.
  const written = reply.write(Buffer.from(JSON.stringify(wholeReply(frame, call.value, view))));
  recordEnd(work, call, call.value, dependencies);
  await written;
}

async function answerStreamed(work: Work, dependencies: CompletionDependencies): Promise<void> {
  const { upstream, idleTimeoutMs } = dependencies;
  const { request, upstreamRequest, frame, view, reply, requestId, signal, deadline, begins } = work;
  const call = await withCredential(dependencies.credentials, planOf(work, dependencies), (credential) =>
    upstream.streamChat(credential, upstreamRequest, { signal, requestId, idleTimeoutMs }),
  );
  deadline.met();
  begins();
  const streamed = new StreamedReply({
    frame,
    systemFingerprint: call.value.systemFingerprint,
    reasoning: view,
    includeUsage: request.stream_options?.include_usage ?? false,
  });
  let spent: Spent = {};
  try {
    for await (const events of call.value) {
      let text = '';
      for (const event of events) {
        if (event.type === 'usage') spent = event;
        text += streamed.write(event);
      }
      if (text !== '') await reply.write(Buffer.from(text));
    }
    call.end('ok');
  } catch (err) {
    // A client that left is nobody's fault.
    if (err instanceof UpstreamError) call.end(err.outcome, reportDetails(err));
    else call.end('not_counted');
    throw err;
  } finally {
    recordEnd(work, call, spent, dependencies);
  }
  await reply.write(Buffer.from(streamed.end()));
}

function planOf({ request, signal }: Work, { credentialWaitMs, random }: CompletionDependencies): CallPlan {
  // The upstream remembers the beginning of a conversation for the credential that it came with.
  const conversation = request.prompt_cache_key ?? request.user;
  return {
    model: request.model.upstream,
    maxTries: MAX_TRIES,
    waitMs: credentialWaitMs,
    signal,
    random,
    ...(conversation ? { sticky: `${request.owner} ${conversation}` } : {}),
  };
}

/** What an answer used, as far as the upstream told. */
interface Spent {
  usage?: ChatUsage;
  costUsdTicks?: number;
}

function recordEnd(
  { request, requestId }: Work,
  { credentialId }: BegunCall<unknown>,
  { usage, costUsdTicks }: Spent,
  { log, metrics, usage: reporter }: CompletionDependencies,
): void {
  metrics.tokens.inc({ type: 'prompt' }, usage?.prompt_tokens ?? 0);
  metrics.tokens.inc({ type: 'completion' }, usage?.completion_tokens ?? 0);
  reporter.record({
    credentialId,
    model: request.model.upstream,
    owner: request.owner,
    promptTokens: usage?.prompt_tokens,
    completionTokens: usage?.completion_tokens,
    reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens,
    costUsdTicks,
  });
  log.info(
    {
      request_id: requestId,
      owner: request.owner,
      model: request.model.upstream,
      credential: credentialId,
      prompt_tokens: usage?.prompt_tokens,
      completion_tokens: usage?.completion_tokens,
    },
    'completed a chat',
  );
}
