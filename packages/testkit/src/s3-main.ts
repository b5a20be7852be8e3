import { buildApp } from 'fauxqs';

// An S3-compatible server, in memory, until whoever started it is gone.
const app = buildApp({ logger: false });
const address = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
process.on('disconnect', () => process.exit(0));
process.send?.({ listening: address });
