import { Button, Menu, Modal, Text, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type Session, useSignOut } from '../api/session.js';
import { useWords } from '../i18n/language.js';
import { Icon } from '../icons.js';
import { SignInForm } from './sign-in-form.js';

/** Who is signed in, and the way to sign in with one more key or out. */
export function Account({ session }: { session: Session }) {
  const words = useWords();
  const signOut = useSignOut();
  const [opened, { open, close }] = useDisclosure();
  const names = [session.client?.name, session.admin ? words.account.admin : undefined].filter(Boolean);
  const isSignedIn = names.length > 0;
  const name = isSignedIn ? names.join(' + ') : words.account.nobody;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" px="sm" maw={260} title={words.account.menu}>
            <Icon name="person" />
            {/* On a phone there is room for the picture only. */}
            <Text span size="sm" fw={600} ml="xs" className="clip" visibleFrom="sm">
              {name}
            </Text>
            <VisuallyHidden hiddenFrom="sm">{name}</VisuallyHidden>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {session.client && session.admin ? null : <Menu.Item onClick={open}>{words.account.signInToo}</Menu.Item>}
          {isSignedIn ? <Menu.Item onClick={() => signOut.mutate()}>{words.account.signOut}</Menu.Item> : null}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={opened}
        onClose={close}
        title={words.account.signInToo}
        closeButtonProps={{ 'aria-label': words.close }}
      >
        <SignInForm onDone={close} />
      </Modal>
    </>
  );
}
