import { CLIENT_KEY } from '../contestants/contestants.js';
import type { Ours } from './with-ours.js';

/** The id of the nth row of `growTo`. */
export function rowId(n: number): string {
  return `task_${n.toString(16).padStart(32, '0')}`;
}

/**
 * Fills the table up to so many tasks of the bench's client, past the services: copies of one video that was really
 * made, each ended a second before the next. Resolves to the id of that video.
 */
export async function growTo({ system, database }: Ours, count: number): Promise<string> {
  const { rows } = await database.query<{ id: string; seq: string }>('SELECT id, seq FROM tasks ORDER BY seq LIMIT 1');
  const made = rows[0]?.id ?? (await makeOne(system));
  await database.query(
    `INSERT INTO tasks (id, kind, owner, state, version, progress, model, upstream_model, prompt, params, origin,
       created_at, started_at, ended_at, result)
     SELECT 'task_' || lpad(to_hex(n), 32, '0'), kind, owner, state, version, progress, model, upstream_model,
       prompt || ' ' || n, params, origin, created_at + shift, started_at + shift, ended_at + shift, result
     FROM tasks, generate_series((SELECT count(*) FROM tasks), $2::bigint - 1) AS n, (SELECT interval '1 second') AS s(one),
       LATERAL (SELECT (n - $2::bigint) * one AS shift) AS shifted
     WHERE id = $1 ORDER BY n`,
    [made, count],
  );
  await database.query('VACUUM ANALYZE tasks');
  return made;
}

async function makeOne(system: Ours['system']): Promise<string> {
  const tasks = system.tasks(CLIENT_KEY);
  const id = await tasks.create('a fox', { aspect_ratio: '16:9', video_length: 6 });
  await tasks.until(id, ({ status }) => status === 'completed');
  return id;
}
