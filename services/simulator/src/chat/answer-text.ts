import type { ReasoningEffort } from '../models/catalogue.js';

const MAX_REPEATED = 4000;

/** What an answer in words is about. */
export interface AnswerTopic {
  /** Id of the model that answers. */
  model: string;
  prompt: string;
  /** A line for each picture. */
  pictures: readonly string[];
  toolResults: readonly string[];
}

/** The model's answer: who it is, the prompt again, the pictures and the results of tools. Chinese to a Chinese prompt. */
export function answerText({ model, prompt, pictures, toolResults }: AnswerTopic): string {
  const texts = textsFor(prompt);
  const lines = [texts.introduction(model) + texts.repeat(prompt.slice(0, MAX_REPEATED))];
  lines.push(...pictures, ...toolResults.map(texts.toolResult));
  return lines.join('\n');
}

/** What the model thinks before it answers: a sentence more with each effort, none for `none`. */
export function reasoningText(prompt: string, effort: ReasoningEffort): string {
  const { thoughts, between } = textsFor(prompt);
  return thoughts.slice(0, THOUGHTS[effort]).join(between);
}

const THOUGHTS: Record<ReasoningEffort, number> = { none: 0, low: 1, medium: 2, high: 3, xhigh: 4 };

interface Texts {
  introduction: (model: string) => string;
  repeat: (prompt: string) => string;
  toolResult: (result: string) => string;
  thoughts: readonly string[];
  between: string;
}

const CHINESE: Texts = {
  introduction: (model) => `你好！我是 Grok（${model}），由 xAI 打造的人工智能助手。`,
  repeat: (prompt) => `你说的是：「${prompt}」`,
  toolResult: (result) => `工具返回：${result}`,
  thoughts: [
    '用户用中文提问，我先弄清问题。',
    '然后想想哪些内容最有用。',
    '再检查一遍有没有遗漏。',
    '最后把答案整理得简洁明了。',
  ],
  between: '',
};

const ENGLISH: Texts = {
  introduction: (model) => `Hello! I am Grok (${model}), an assistant made by xAI. `,
  repeat: (prompt) => `You said: "${prompt}"`,
  toolResult: (result) => `The tool returned: ${result}`,
  thoughts: [
    'The user asks something, so first I make sure what it is.',
    'Then I think about what helps most.',
    'I check that nothing is missing.',
    'At last I put the answer in few words.',
  ],
  between: ' ',
};

// Kana tells Japanese, which also has Chinese characters.
function textsFor(prompt: string): Texts {
  return /\p{Script=Han}/u.test(prompt) && !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(prompt)
    ? CHINESE
    : ENGLISH;
}
