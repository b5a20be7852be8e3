import { Accordion, Grid, Paper, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/language.js';
import type { SampleRequest } from '../samples/sample-request.js';
import { CodeSamples } from './code-samples.js';

export interface TryLayoutProps {
  /** What is asked for. */
  form: ReactNode;
  /** What came of it. */
  result: ReactNode;
  sample: SampleRequest;
  needsKey: boolean;
}

/** A form beside what comes of it; beneath, the code that does the same. */
export function TryLayout({ form, result, sample, needsKey }: TryLayoutProps) {
  const words = useWords();
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 5, lg: 4 }}>
        <Paper withBorder p="md">
          {form}
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7, lg: 8 }}>
        <Stack>
          {result}
          <Accordion variant="contained">
            <Accordion.Item value="code">
              <Accordion.Control>{words.samples.title}</Accordion.Control>
              <Accordion.Panel>
                <CodeSamples request={sample} needsKey={needsKey} />
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
