import { chatCompletionEventSchema } from '@grok2api/contracts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { readEvents } from '../../../api/read-events.js';
import { send } from '../../../api/request.js';
import { upload } from '../../../api/uploads.js';
import { messagesOf, type Turn } from './turn.js';

/** The route of what this sends. */
export const CHAT_PATH = '/v1/chat/completions';

export interface ChatState {
  turns: Turn[];
  isBusy: boolean;
  say: (model: string, text: string, files: readonly File[]) => Promise<void>;
  /** Leaves the answer as far as it has come. */
  stop: () => void;
  clear: () => void;
}

/** A conversation: each answer grows while it comes. */
export function useChat(): ChatState {
  const [turns, setTurns] = useState<Turn[]>([]);
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  const stop = useCallback(() => running.current?.abort(), []);
  // Who leaves the page leaves the answer.
  useEffect(() => stop, [stop]);

  const say = async (model: string, text: string, files: readonly File[]) => {
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    const id = turns.length;
    let asked: Turn = { id, role: 'user', text, reasoning: '', pictures: [] };
    let answer: Turn = { id: id + 1, role: 'assistant', text: '', reasoning: '', pictures: [] };
    const show = () => setTurns([...turns, asked, answer]);
    show();
    try {
      asked = { ...asked, pictures: await Promise.all(files.map((file) => upload(file, abort.signal))) };
      show();
      const json = { model, messages: messagesOf([...turns, asked]), stream: true };
      const stream = await send(CHAT_PATH, { method: 'POST', json, signal: abort.signal });
      for await (const event of readEvents(chatCompletionEventSchema, stream)) {
        const delta = 'choices' in event ? event.choices[0]?.delta : undefined;
        answer = {
          ...answer,
          text: answer.text + (delta?.content ?? ''),
          reasoning: answer.reasoning + (delta?.reasoning_content ?? ''),
        };
        show();
      }
    } catch (err) {
      if (!abort.signal.aborted) {
        answer = { ...answer, error: err instanceof Error ? err : new Error(String(err)) };
        show();
      }
    } finally {
      setBusy(false);
    }
  };

  return { turns, isBusy, say, stop, clear: () => setTurns([]) };
}
