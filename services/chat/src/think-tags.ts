const OPEN = '<think>\n';
const CLOSE = '\n</think>\n\n';

/** Puts the reasoning of one choice into its content, between tags, piece by piece. */
export class ThinkTags {
  #open = false;

  /** The content that stands for a piece of reasoning and one of content, in this order; undefined for nothing. */
  add(reasoning: string | undefined, content: string | undefined): string | undefined {
    let text = '';
    if (reasoning) {
      if (!this.#open) text += OPEN;
      this.#open = true;
      text += reasoning;
    }
    if (content) text += this.close() + content;
    return text === '' && content === undefined ? undefined : text;
  }

  /** What ends the reasoning, empty when none is open. */
  close(): string {
    if (!this.#open) return '';
    this.#open = false;
    return CLOSE;
  }
}
