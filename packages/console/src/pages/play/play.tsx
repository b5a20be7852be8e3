import { Tabs } from '@mantine/core';
import { useWords } from '../../i18n/language.js';
import type { PageProps } from '../../shell/pages.js';
import { Chat } from './chat/chat.js';
import { Images } from './images/images.js';
import { Video } from './video/video.js';

/** Tries what the models can do. */
export function Play({ session }: PageProps) {
  const words = useWords();
  const needsKey = !session.open;
  return (
    <Tabs defaultValue="chat" variant="pills">
      <Tabs.List mb="md" aria-label={words.pages.play}>
        <Tabs.Tab value="chat">{words.play.chat}</Tabs.Tab>
        <Tabs.Tab value="images">{words.play.images}</Tabs.Tab>
        <Tabs.Tab value="video">{words.play.video}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="chat">
        <Chat needsKey={needsKey} />
      </Tabs.Panel>
      <Tabs.Panel value="images">
        <Images needsKey={needsKey} />
      </Tabs.Panel>
      <Tabs.Panel value="video">
        <Video needsKey={needsKey} />
      </Tabs.Panel>
    </Tabs>
  );
}
