import { Select, Textarea } from '@mantine/core';
import { useWords } from '../../i18n/language.js';

export interface ModelAndPromptProps {
  models: string[];
  model: string;
  onModel: (model: string | null) => void;
  prompt: string;
  onPrompt: (prompt: string) => void;
  /** A prompt that one might write. */
  example: string;
}

/** Who makes a picture or a video, and what it shows. */
export function ModelAndPrompt({ models, model, onModel, prompt, onPrompt, example }: ModelAndPromptProps) {
  const words = useWords();
  return (
    <>
      <Select label={words.model} data={models} value={model} onChange={onModel} allowDeselect={false} />
      <Textarea
        label={words.prompt}
        placeholder={example}
        autosize
        minRows={3}
        value={prompt}
        onChange={(event) => onPrompt(event.currentTarget.value)}
        required
      />
    </>
  );
}
