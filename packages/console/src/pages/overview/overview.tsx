import { Stack } from '@mantine/core';
import type { PageProps } from '../../shell/pages.js';
import { HealthOfParts } from './health-of-parts.js';
import { LastHour } from './last-hour.js';
import { SpendPerDay } from './spend-per-day.js';

/** How the system is, and what it costs. */
export function Overview({ session }: PageProps) {
  return (
    <Stack gap="xl">
      <HealthOfParts />
      {session.admin ? <LastHour /> : null}
      <SpendPerDay isAdmin={session.admin} />
    </Stack>
  );
}
