import type { ReactNode } from 'react';

const SIZE = 18;

/** Pictures for buttons and links that say in words what they do. */
const ICONS = {
  play: <path d="M7 5v14l12-7z" />,
  tasks: <path d="M4 6h2M4 12h2M4 18h2M10 6h10M10 12h10M10 18h10" />,
  overview: <path d="M4 20V10M10 20V4M16 20v-8M22 20H2" />,
  credentials: <path d="M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01" />,
  keys: <path d="M8 15a4 4 0 1 0 0-.01M11 12l9-9M16 7l3 3" />,
  callbacks: <path d="M4 6h16v9H9l-5 4zM9 10h.01M12 10h.01M15 10h.01" />,
  light: <path d="M12 8a4 4 0 1 0 .01 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1 1M18 18l1 1M5 19l1-1M18 6l1-1" />,
  dark: <path d="M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z" />,
  language: <path d="M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0zM3 12h18M12 3c4 5 4 13 0 18M12 3c-4 5-4 13 0 18" />,
  person: <path d="M12 11a4 4 0 1 0-.01 0M4 21c0-9 16-9 16 0" />,
  send: <path d="M12 20V5M5 12l7-7 7 7" />,
  stop: <path d="M7 7h10v10H7z" />,
  picture: <path d="M4 5h16v14H4zM4 16l5-5 5 5 2-2 4 4M15 9h.01" />,
  add: <path d="M12 5v14M5 12h14" />,
  remove: <path d="M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13" />,
  more: <path d="M12 6h.01M12 12h.01M12 18h.01" />,
  search: <path d="M10 4a6 6 0 1 0 .01 0M15 15l5 5" />,
  refresh: <path d="M20 12a8 8 0 1 1-3-6M20 3v5h-5" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof ICONS;

/** One of the pictures, hidden from screen readers. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      width={SIZE}
      height={SIZE}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={2}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {ICONS[name]}
    </svg>
  );
}
