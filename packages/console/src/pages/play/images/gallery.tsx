import { Anchor, AspectRatio, Image, Paper, SimpleGrid, Skeleton, Text } from '@mantine/core';
import { useWords } from '../../../i18n/language.js';

/** Images in their places, those to come as empty ones. */
export function Gallery({
  images,
  prompt,
  isBusy,
}: {
  images: (string | undefined)[];
  prompt: string;
  isBusy: boolean;
}) {
  const words = useWords();
  const places = images.map((url, index) => ({ place: index + 1, url }));
  const isReady = images.length > 0 && !isBusy;
  return (
    <Paper withBorder p="md" mih={240} aria-busy={isBusy}>
      <Text role="status" size="sm" c="dimmed" mb="sm">
        {isReady ? words.images.ready(images.length) : isBusy ? words.images.making : words.images.empty}
      </Text>
      <SimpleGrid cols={{ base: images.length > 1 ? 2 : 1, lg: Math.min(3, Math.max(1, images.length)) }}>
        {places.map(({ place, url }) =>
          url === undefined ? (
            <AspectRatio key={place} ratio={1}>
              <Skeleton />
            </AspectRatio>
          ) : (
            <Anchor key={place} href={url} target="_blank" rel="noopener">
              <Image src={url} alt={`${prompt} (${place})`} radius="md" mah={480} fit="contain" />
            </Anchor>
          ),
        )}
      </SimpleGrid>
    </Paper>
  );
}
