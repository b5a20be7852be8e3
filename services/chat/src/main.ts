import { randomUUID } from 'node:crypto';
import { Bus } from '@grok2api/bus';
import { completeChat } from '@grok2api/contracts';
import { CredentialClient } from '@grok2api/credential-client';
import { createXaiUpstream, measureUpstream } from '@grok2api/grok-upstream';
import { openMediaStore } from '@grok2api/media-store';
import { createUpstreamPictures } from '@grok2api/pictures';
import { createSafeFetch } from '@grok2api/safe-fetch';
import { runService } from '@grok2api/service-kit';
import { UsageReporter } from '@grok2api/usage-client';
import { type CompletionDependencies, complete } from './complete.js';
import { serviceMetrics } from './metrics.js';
import { readChatSettings } from './settings.js';

const SERVICE = 'chat';
/** How long completions that are being answered may go on, once this process is to stop. */
const STOP_GRACE_MS = 15_000;

await runService(SERVICE, async (context) => {
  const { env, instance, log, metrics, shutdown } = context;
  const measured = serviceMetrics(metrics);
  const settings = readChatSettings(env);

  const upstream = measureUpstream(createXaiUpstream({ proxyUrl: settings.UPSTREAM_PROXY }), measured.upstream);
  shutdown.add('upstream', () => upstream.close());

  const safeFetch = createSafeFetch({ allow: settings.FETCH_ALLOW, proxy: settings.FETCH_PROXY });
  shutdown.add('safe fetch', () => safeFetch.close());

  const bus = await Bus.connect({ url: settings.NATS_URL, name: instance, log, metrics: measured.bus });
  shutdown.add('bus', () => bus.close());

  const credentials = new CredentialClient({
    bus,
    holder: instance,
    now: Date.now,
    log,
    metrics: measured.credentials,
  });
  shutdown.add('credential client', () => credentials.close());

  const usage = new UsageReporter({ bus, log, now: Date.now, newBatchId: randomUUID });
  shutdown.add('usage', () => usage.close());

  const media = await openMediaStore(settings, { metrics: measured.media });
  const dependencies: CompletionDependencies = {
    credentials,
    usage,
    upstream,
    pictures: createUpstreamPictures({ media, safeFetch }),
    reasoningFormat: settings.REASONING_FORMAT,
    idleTimeoutMs: settings.CHAT_IDLE_TIMEOUT_MS,
    credentialWaitMs: settings.CREDENTIAL_WAIT_MS,
    log,
    metrics: measured.chat,
    newId: randomUUID,
    now: Date.now,
    random: Math.random,
  };
  bus.serveStream(completeChat, (request, reply, context) => complete(request, reply, context, dependencies), {
    maxInFlight: settings.CHAT_MAX_IN_FLIGHT,
    claimCheck: media,
  });
  // Answers that are being written need their grants.
  shutdown.add('running completions', () => bus.stopServing({ graceMs: STOP_GRACE_MS }));
  await bus.announce(context);
  log.info('taking requests');
});
