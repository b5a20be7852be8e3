import { Button, Group, NumberInput, Select, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useModels } from '../../../api/models.js';
import { useWords } from '../../../i18n/language.js';
import { Icon } from '../../../icons.js';
import { Failure } from '../../../parts/failure.js';
import { PictureDrop } from '../../../parts/picture-drop.js';
import { TryLayout } from '../../../parts/try-layout.js';
import type { SampleRequest } from '../../../samples/sample-request.js';
import { ModelAndPrompt } from '../model-and-prompt.js';
import { Gallery } from './gallery.js';
import { EDITS_PATH, GENERATIONS_PATH, useImages } from './use-images.js';

/** Sizes whose nearest shape is the ratio. */
const SIZES = {
  '1:1': '1024x1024',
  '3:2': '1248x832',
  '2:3': '832x1248',
  '4:3': '1152x864',
  '3:4': '864x1152',
  '16:9': '1344x756',
  '9:16': '756x1344',
} as const;
const AUTO = 'auto';
const MOST_IMAGES = 10;
const MOST_PICTURES = 16;

/** Makes images, or edits those that are dropped here. */
export function Images({ needsKey }: { needsKey: boolean }) {
  const words = useWords();
  const models = useModels('image');
  const [chosen, choose] = useState<string | null>(null);
  const model = chosen ?? models[0] ?? '';
  const [prompt, setPrompt] = useState('');
  const [size, setSize] = useState<string>(SIZES['1:1']);
  const [n, setN] = useState(1);
  const [files, setFiles] = useState<File[]>([]);
  const images = useImages();
  const isEdit = files.length > 0;

  const wish = { model, prompt: prompt.trim() || words.images.example, size, n };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (model !== '' && prompt.trim() !== '') void images.make({ ...wish, files });
  };
  const sample: SampleRequest = isEdit
    ? {
        path: EDITS_PATH,
        form: {
          fields: { ...wish, n: String(n) },
          files: files.map(({ name }) => ({ field: 'image', name })),
        },
        streams: false,
      }
    : { path: GENERATIONS_PATH, json: wish, streams: false };
  const ratios = [
    { value: AUTO, label: words.images.auto },
    ...Object.entries(SIZES).map(([label, value]) => ({ value, label })),
  ];

  return (
    <TryLayout
      needsKey={needsKey}
      sample={sample}
      form={
        <form onSubmit={submit}>
          <Stack gap="sm">
            <ModelAndPrompt
              {...{ models, model, prompt }}
              onModel={choose}
              onPrompt={setPrompt}
              example={words.images.example}
            />
            <Group grow>
              <Select
                label={words.ratio}
                data={ratios}
                value={size}
                onChange={(value) => setSize(value ?? AUTO)}
                allowDeselect={false}
              />
              <NumberInput
                label={words.images.count}
                min={1}
                max={MOST_IMAGES}
                clampBehavior="strict"
                allowDecimal={false}
                value={n}
                onChange={(value) => setN(Number(value) || 1)}
              />
            </Group>
            <PictureDrop
              label={words.images.edit}
              files={files}
              most={MOST_PICTURES}
              onChange={(given) => {
                // Edits keep the shape of what is edited, unless another is chosen afterwards.
                if (!isEdit && given.length > 0) setSize(AUTO);
                setFiles(given);
              }}
            />
            {images.isBusy ? (
              <Button color="red" onClick={images.stop} leftSection={<Icon name="stop" />}>
                {words.stop}
              </Button>
            ) : (
              <Button type="submit" disabled={prompt.trim() === ''} leftSection={<Icon name="picture" />}>
                {isEdit ? words.images.doEdit : words.images.make}
              </Button>
            )}
          </Stack>
        </form>
      }
      result={
        <>
          {images.error ? <Failure error={images.error} /> : null}
          <Gallery images={images.images} prompt={prompt} isBusy={images.isBusy} />
        </>
      }
    />
  );
}
