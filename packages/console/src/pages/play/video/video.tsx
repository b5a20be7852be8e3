import { ASPECT_RATIOS, VIDEO_LENGTHS, VIDEO_PRESETS, VIDEO_RESOLUTIONS } from '@grok2api/contracts';
import { Button, Select, SimpleGrid, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useModels } from '../../../api/models.js';
import { TASK_PATHS } from '../../../api/task-paths.js';
import { useWords } from '../../../i18n/language.js';
import { Icon } from '../../../icons.js';
import { Failure } from '../../../parts/failure.js';
import { PictureDrop } from '../../../parts/picture-drop.js';
import { TryLayout } from '../../../parts/try-layout.js';
import { ModelAndPrompt } from '../model-and-prompt.js';
import { useVideo } from './use-video.js';
import { VideoProgress } from './video-progress.js';

const RATIOS = [...ASPECT_RATIOS];
const LENGTHS = VIDEO_LENGTHS.map(String);
const RESOLUTIONS = [...VIDEO_RESOLUTIONS];

/** Makes a video, shown from the first percent to the last. */
export function Video({ needsKey }: { needsKey: boolean }) {
  const words = useWords();
  const models = useModels('video');
  const [chosen, choose] = useState<string | null>(null);
  const model = chosen ?? models[0] ?? '';
  const [prompt, setPrompt] = useState('');
  const [aspect_ratio, setRatio] = useState<string>('16:9');
  const [length, setLength] = useState<string>('6');
  const [resolution, setResolution] = useState<string>('480p');
  const [preset, setPreset] = useState<string>('normal');
  const [files, setFiles] = useState<File[]>([]);
  const video = useVideo();

  const wish = {
    model,
    prompt: prompt.trim() || words.video.example,
    aspect_ratio,
    video_length: Number(length),
    resolution,
    preset,
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (model !== '' && prompt.trim() !== '' && !video.isBusy) video.make(wish, files[0]);
  };
  const image = files.length > 0 ? { image_url: 'https://example.com/picture.jpg' } : {};

  return (
    <TryLayout
      needsKey={needsKey}
      sample={{ path: TASK_PATHS.video, json: { ...wish, ...image }, streams: false, watch: TASK_PATHS.video }}
      form={
        <form onSubmit={submit}>
          <Stack gap="sm">
            <ModelAndPrompt
              {...{ models, model, prompt }}
              onModel={choose}
              onPrompt={setPrompt}
              example={words.video.example}
            />
            <PictureDrop label={words.video.firstFrame} files={files} most={1} onChange={setFiles} />
            <SimpleGrid cols={2} spacing="sm">
              <Select
                label={words.ratio}
                data={RATIOS}
                value={aspect_ratio}
                onChange={(value) => setRatio(value ?? '16:9')}
                allowDeselect={false}
              />
              <Select
                label={words.video.length}
                data={LENGTHS}
                value={length}
                onChange={(value) => setLength(value ?? '6')}
                allowDeselect={false}
              />
              <Select
                label={words.video.resolution}
                data={RESOLUTIONS}
                value={resolution}
                onChange={(value) => setResolution(value ?? '480p')}
                allowDeselect={false}
              />
              <Select
                label={words.video.preset}
                data={VIDEO_PRESETS.map((value) => ({ value, label: words.video.presets[value] }))}
                value={preset}
                onChange={(value) => setPreset(value ?? 'normal')}
                allowDeselect={false}
              />
            </SimpleGrid>
            {video.isBusy ? (
              <Button color="red" onClick={video.cancel} leftSection={<Icon name="stop" />}>
                {words.cancel}
              </Button>
            ) : (
              <Button type="submit" disabled={prompt.trim() === ''} leftSection={<Icon name="play" />}>
                {words.video.make}
              </Button>
            )}
          </Stack>
        </form>
      }
      result={
        <>
          {video.error ? <Failure error={video.error} /> : null}
          <VideoProgress event={video.event} isBusy={video.isBusy} />
        </>
      }
    />
  );
}
