/** The gateway's address for callers on this machine; `loopback` is how to name it when it listens there. */
export function gatewayBase(address: { host: string | undefined; port: number }, loopback: string): string {
  const { host, port } = address;
  if (host === undefined || ['0.0.0.0', '::', 'localhost', '127.0.0.1'].includes(host))
    return `http://${loopback}:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
