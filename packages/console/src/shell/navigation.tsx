import { NavLink } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import { useWords } from '../i18n/language.js';
import { Icon } from '../icons.js';
import type { PAGES } from './pages.js';

/** Links to the pages. */
export function Navigation({ pages, onChoose }: { pages: typeof PAGES; onChoose: () => void }) {
  const words = useWords();
  const [here] = useLocation();
  return (
    <nav aria-label={words.shell.pages}>
      {pages.map(({ name, path, icon }) => (
        <NavLink
          key={name}
          component={Link}
          href={path}
          label={words.pages[name]}
          leftSection={<Icon name={icon} />}
          active={path === here}
          aria-current={path === here ? 'page' : undefined}
          onClick={onChoose}
          style={{ borderRadius: 'var(--mantine-radius-md)' }}
        />
      ))}
    </nav>
  );
}
