/** Tells the parent process, if it keeps a channel to this one, on which port the service listens. */
export function announceListening(port: number): void {
  process.send?.({ type: 'listening', port });
}
