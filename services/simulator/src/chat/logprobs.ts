const ALTERNATIVES = [' the', ' a', ' and', ' of', ' to', ' in', ' is', ' that'];

/** Made-up, plausible log probabilities of content tokens, each with so many alternatives. */
export function logprobsOf(tokens: readonly string[], alternatives: number) {
  return { content: tokens.map((token) => logprobOf(token, alternatives)) };
}

function logprobOf(token: string, alternatives: number) {
  const best = describe(token, -0.01 - (token.length % 7) * 0.02);
  const others = ALTERNATIVES.filter((other) => other !== token).slice(0, Math.max(alternatives - 1, 0));
  const top = [best, ...others.map((other, index) => describe(other, -3 - index * 0.5))];
  return { ...best, top_logprobs: top.slice(0, alternatives) };
}

function describe(token: string, logprob: number) {
  return { token, logprob, bytes: [...Buffer.from(token)] };
}
