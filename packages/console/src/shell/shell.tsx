import { AppShell, Burger, Center, Group, Loader, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense, useEffect, useRef } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { useSession } from '../api/session.js';
import { useWords } from '../i18n/language.js';
import { Failure } from '../parts/failure.js';
import { Account } from './account.js';
import { Navigation } from './navigation.js';
import { PAGES, pagesFor } from './pages.js';
import { Preferences } from './preferences.js';
import { SignIn } from './sign-in.js';

const HEADER_PX = 56;
const NAVBAR_PX = 216;

/** What is around every page: the way to the others, who is signed in, and how it looks. */
export function Shell() {
  const words = useWords();
  const session = useSession();
  const [opened, { toggle, close }] = useDisclosure();
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const shown = session.data ? pagesFor(session.data) : [];
  const page = PAGES.find((each) => each.path === path);
  const title = page ? words.pages[page.name] : undefined;

  useEffect(() => {
    document.title = title === undefined ? words.product : `${title} · ${words.product}`;
  }, [title, words]);

  if (session.isPending) return <Waiting />;
  if (session.isError && !session.data) {
    return (
      <Center mih="100dvh" p="md">
        <Failure error={session.error} retry={() => void session.refetch()} />
      </Center>
    );
  }
  const [first] = shown;
  if (!first) return <SignIn />;

  return (
    <AppShell
      header={{ height: HEADER_PX }}
      navbar={{ width: NAVBAR_PX, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a href="#main" className="skip">
        {words.shell.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={opened}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={words.shell.menu}
            aria-expanded={opened}
          />
          <Text fw={700} size="lg">
            {words.product}
          </Text>
          <Group ml="auto" gap="xs" wrap="nowrap">
            <Preferences />
            <Account session={session.data} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <Navigation pages={shown} onChoose={close} />
      </AppShell.Navbar>
      <AppShell.Main ref={main} id="main" tabIndex={-1}>
        {title === undefined ? null : (
          <Title order={1} size="h2" mb="md">
            {title}
          </Title>
        )}
        <Suspense fallback={<Waiting />}>
          <Switch>
            {shown.map(({ name, path: place, Page }) => (
              <Route key={name} path={place}>
                <Page session={session.data} />
              </Route>
            ))}
            <Route>
              <Redirect to={first.path} replace />
            </Route>
          </Switch>
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

function Waiting() {
  const words = useWords();
  return (
    <Center mih="50dvh" role="status" aria-label={words.shell.loading}>
      <Loader />
    </Center>
  );
}
