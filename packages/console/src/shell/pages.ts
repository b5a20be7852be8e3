import { type ComponentType, lazy } from 'react';
import { mayAct, type Session } from '../api/session.js';
import type { IconName } from '../icons.js';

/** What every page is given. */
export interface PageProps {
  session: Session;
}

interface PageEntry {
  name: 'play' | 'tasks' | 'overview' | 'credentials' | 'keys' | 'callbacks';
  path: string;
  icon: IconName;
  isFor: (session: Session) => boolean;
  Page: ComponentType<PageProps>;
}

const isAdmin = ({ admin }: Session) => admin;

/** Every page there is; each is loaded when it is first opened. */
export const PAGES: readonly PageEntry[] = [
  {
    name: 'play',
    path: '/play',
    icon: 'play',
    isFor: mayAct,
    Page: lazy(async () => ({ default: (await import('../pages/play/play.js')).Play })),
  },
  {
    name: 'tasks',
    path: '/tasks',
    icon: 'tasks',
    isFor: mayAct,
    Page: lazy(async () => ({ default: (await import('../pages/tasks/tasks.js')).Tasks })),
  },
  {
    name: 'overview',
    path: '/overview',
    icon: 'overview',
    isFor: (session) => session.admin || mayAct(session),
    Page: lazy(async () => ({ default: (await import('../pages/overview/overview.js')).Overview })),
  },
  {
    name: 'credentials',
    path: '/credentials',
    icon: 'credentials',
    isFor: isAdmin,
    Page: lazy(async () => ({ default: (await import('../pages/credentials/credentials.js')).Credentials })),
  },
  {
    name: 'keys',
    path: '/keys',
    icon: 'keys',
    isFor: isAdmin,
    Page: lazy(async () => ({ default: (await import('../pages/client-keys/client-keys.js')).ClientKeys })),
  },
  {
    name: 'callbacks',
    path: '/callbacks',
    icon: 'callbacks',
    isFor: isAdmin,
    Page: lazy(async () => ({ default: (await import('../pages/callbacks/callbacks.js')).Callbacks })),
  },
];

/** The pages that a session may see. */
export function pagesFor(session: Session): readonly PageEntry[] {
  return PAGES.filter(({ isFor }) => isFor(session));
}
