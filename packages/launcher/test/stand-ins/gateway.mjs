// A gateway whose health is always good.
import { createServer } from 'node:http';
import { runService } from '@grok2api/service-kit';

await runService('api-gateway', async ({ env, shutdown }) => {
  const server = createServer((_request, response) => response.end(env.EXPECTED_SERVICES));
  server.listen(Number(env.PORT), '127.0.0.1');
  shutdown.add('http', () => {
    server.close();
    server.closeAllConnections();
  });
});
