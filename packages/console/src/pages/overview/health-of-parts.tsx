import { Badge, Group, Paper, SimpleGrid, Text, Title } from '@mantine/core';
import { useHealth } from '../../api/health.js';
import { useWords } from '../../i18n/language.js';
import { Failure } from '../../parts/failure.js';

/** Whether each part of the system answers. */
export function HealthOfParts() {
  const words = useWords();
  const health = useHealth();
  return (
    <section aria-labelledby="health">
      <Title order={2} size="h4" mb="sm" id="health">
        {words.overview.health}
      </Title>
      {health.error ? <Failure error={health.error} /> : null}
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }} spacing="sm">
        {Object.entries(health.data?.services ?? {}).map(([name, state]) => (
          <Paper key={name} withBorder p="sm">
            <Group justify="space-between" wrap="nowrap" gap="xs">
              <Text size="sm" className="clip" title={name}>
                {name}
              </Text>
              <Badge color={state === 'ok' ? 'teal' : 'red'} variant="light" autoContrast>
                {words.overview.parts[state]}
              </Badge>
            </Group>
          </Paper>
        ))}
      </SimpleGrid>
    </section>
  );
}
