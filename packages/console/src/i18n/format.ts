import { useMemo } from 'react';
import { useLanguage } from './language.js';

const MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/** Numbers and times as the language writes them. */
export interface Formats {
  /** Date and time of day of an ISO time. */
  time: (iso: string) => string;
  /** Day and month. */
  day: (ms: number) => string;
  /** Hour and minute. */
  clock: (ms: number) => string;
  /** A length of time in milliseconds, to what matters of it. */
  duration: (ms: number) => string;
  number: (value: number) => string;
  usd: (value: number) => string;
}

/** Those of the language that is spoken. */
export function useFormats(): Formats {
  const { tag } = useLanguage();
  return useMemo(() => formats(tag), [tag]);
}

function formats(tag: string): Formats {
  const times = new Intl.DateTimeFormat(tag, { dateStyle: 'short', timeStyle: 'medium' });
  const days = new Intl.DateTimeFormat(tag, { month: 'numeric', day: 'numeric', timeZone: 'UTC' });
  const clocks = new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', hour12: false });
  const numbers = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  const usd = new Intl.NumberFormat(tag, { style: 'currency', currency: 'USD', maximumFractionDigits: 4 });
  const unit = (value: number, name: 'millisecond' | 'second' | 'minute' | 'hour' | 'day', digits = 0) =>
    new Intl.NumberFormat(tag, {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      maximumFractionDigits: digits,
    }).format(value);
  const duration = (ms: number) => {
    if (ms > 0 && ms < MS) return unit(ms, 'millisecond');
    const seconds = Math.max(0, ms) / MS;
    if (seconds < MINUTE_S) return unit(seconds, 'second', seconds < 10 ? 1 : 0);
    if (seconds < HOUR_S)
      return `${unit(Math.floor(seconds / MINUTE_S), 'minute')} ${unit(Math.floor(seconds % MINUTE_S), 'second')}`;
    if (seconds < DAY_S)
      return `${unit(Math.floor(seconds / HOUR_S), 'hour')} ${unit(Math.floor((seconds % HOUR_S) / MINUTE_S), 'minute')}`;
    return `${unit(Math.floor(seconds / DAY_S), 'day')} ${unit(Math.floor((seconds % DAY_S) / HOUR_S), 'hour')}`;
  };
  return {
    time: (iso) => times.format(new Date(iso)),
    day: (ms) => days.format(ms),
    clock: (ms) => clocks.format(ms),
    duration,
    number: (value) => numbers.format(value),
    usd: (value) => usd.format(value),
  };
}
