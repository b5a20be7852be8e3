/** xAI counts costs in ticks: 10^10 of them are a US dollar. */
const TICKS_PER_USD = 10_000_000_000;

/** Ticks as US dollars. */
export function toUsd(ticks: number): number {
  return ticks / TICKS_PER_USD;
}

/** US dollars as whole ticks. */
export function fromUsd(usd: number): number {
  return Math.round(usd * TICKS_PER_USD);
}
