import { z } from 'zod';
import type { Logger } from './logger.js';

/** What happens to a process at a race point: it ends as by `kill -9`, or stands still as its whole machine would. */
export type RaceAction = 'kill' | 'stop';

/** At the `nth` time that the process comes to a point, counted from 1. */
export interface RaceRule<Point extends string> {
  point: Point;
  action: RaceAction;
  nth: number;
}

/** Called by a process that has come to a point. */
export type ReachRacePoint<Point extends string> = (point: Point) => void;

const RULE = /^(?<point>[a-z-]+):(?<action>kill|stop)@(?<nth>[1-9]\d*)$/;
const SIGNALS = { kill: 'SIGKILL', stop: 'SIGSTOP' } as const;

/** The settings of a service that tests kill or stop at these points. To be read with `refuseRacePoints`. */
export function racePointSettings<const Point extends string>(points: readonly Point[]) {
  const known = z.enum(points);
  return {
    RACE_POINTS: z
      .string()
      .transform((text, context): RaceRule<Point>[] => {
        const rules = text.split(',').map((entry) => ruleOf(entry.trim(), known));
        const valid = rules.filter((rule) => rule !== undefined);
        if (valid.length === rules.length) return valid;
        const message = `must be like POINT:kill@2,POINT:stop@1 with the points ${points.join(', ')}`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      })
      .optional()
      .describe(
        'For tests: where the process kills or stops itself, `POINT:kill@2` at its second time there. With `NODE_ENV=production` it is refused.',
      ),
    NODE_ENV: z.string().optional().describe('`production` refuses settings that are for tests.'),
  };
}

function ruleOf<Point extends string>(text: string, known: z.ZodType<Point>): RaceRule<Point> | undefined {
  const { point, action, nth } = RULE.exec(text)?.groups ?? {};
  const parsed = known.safeParse(point);
  if (!parsed.success) return undefined;
  return { point: parsed.data, action: action === 'kill' ? 'kill' : 'stop', nth: Number(nth) };
}

/** Refuses race points in production; for `superRefine` of settings with `racePointSettings`. */
export function refuseRacePoints(
  settings: { RACE_POINTS?: unknown; NODE_ENV?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (settings.RACE_POINTS === undefined || settings.NODE_ENV !== 'production') return;
  context.addIssue({ code: 'custom', path: ['RACE_POINTS'], message: 'is for tests: in production it is refused' });
}

/**
 * What a process calls at its race points; undefined without a rule, so that it costs nothing.
 * @param signal sends a signal to this process; given by tests
 */
export function createRacePoints<Point extends string>(
  rules: readonly RaceRule<Point>[] | undefined,
  log: Pick<Logger, 'warn'>,
  signal: (name: NodeJS.Signals) => void = (name) => process.kill(process.pid, name),
): ReachRacePoint<Point> | undefined {
  if (!rules) return undefined;
  const times = new Map<Point, number>();
  return (point) => {
    const nth = (times.get(point) ?? 0) + 1;
    times.set(point, nth);
    const rule = rules.find((each) => each.point === point && each.nth === nth);
    if (!rule) return;
    log.warn({ point, action: rule.action }, 'at a race point');
    signal(SIGNALS[rule.action]);
  };
}
