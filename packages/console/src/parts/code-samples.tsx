import { Button, Code, CopyButton, Group, Tabs } from '@mantine/core';
import { useWords } from '../i18n/language.js';
import { curlSample } from '../samples/curl.js';
import { javascriptSample } from '../samples/javascript.js';
import { pythonSample } from '../samples/python.js';
import type { SampleRequest } from '../samples/sample-request.js';

const WRITERS = { curl: curlSample, Python: pythonSample, JavaScript: javascriptSample } as const;

/** What does the same without the console. */
export function CodeSamples({ request, needsKey }: { request: SampleRequest; needsKey: boolean }) {
  const words = useWords();
  const server = { origin: window.location.origin, needsKey };
  return (
    <Tabs defaultValue="curl" keepMounted={false}>
      <Tabs.List aria-label={words.samples.title}>
        {Object.keys(WRITERS).map((name) => (
          <Tabs.Tab key={name} value={name}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {Object.entries(WRITERS).map(([name, write]) => {
        const code = write(request, server);
        return (
          <Tabs.Panel key={name} value={name} pt="xs">
            <Group justify="end" mb={4}>
              <CopyButton value={code}>
                {({ copied, copy }) => (
                  <Button size="compact-xs" variant="default" onClick={copy}>
                    {copied ? words.copied : words.copy}
                  </Button>
                )}
              </CopyButton>
            </Group>
            <Code block tabIndex={0} mah={320} style={{ overflow: 'auto' }}>
              {code}
            </Code>
          </Tabs.Panel>
        );
      })}
    </Tabs>
  );
}
