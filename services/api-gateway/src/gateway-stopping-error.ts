/** This gateway stops while somebody waits for an answer. What the answer is about may go on. */
export class GatewayStoppingError extends Error {
  override readonly name = 'GatewayStoppingError';
  constructor() {
    super('the gateway stops');
  }
}
