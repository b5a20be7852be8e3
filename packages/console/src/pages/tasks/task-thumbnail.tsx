import { Box, Image } from '@mantine/core';
import { fileAddress } from '../../api/file-address.js';
import type { TaskFields } from '../../api/tasks.js';

const WIDTH_PX = 80;
const HEIGHT_PX = 48;
const STYLE = { width: WIDTH_PX, height: HEIGHT_PX, objectFit: 'cover', borderRadius: 6, background: '#000' } as const;

/** A first look at what a task made; an empty place before. */
export function TaskThumbnail({ task: { video_url, images } }: { task: TaskFields }) {
  if (video_url !== undefined) {
    return (
      <div aria-hidden="true">
        <video src={`${fileAddress(video_url)}#t=0.1`} preload="metadata" muted style={STYLE} />
      </div>
    );
  }
  const [image] = images ?? [];
  if (image !== undefined) {
    return <Image src={fileAddress(image)} alt="" loading="lazy" w={WIDTH_PX} h={HEIGHT_PX} radius="sm" fit="cover" />;
  }
  return <Box w={WIDTH_PX} h={HEIGHT_PX} bg="var(--mantine-color-default-border)" style={{ borderRadius: 6 }} />;
}
