import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useLanguage } from '../i18n/language.js';
import { Icon } from '../icons.js';

/** Light or dark, Chinese or English. */
export function Preferences() {
  const { name, words, change } = useLanguage();
  const { setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  const other = shown === 'dark' ? 'light' : 'dark';
  return (
    <>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={words.shell.scheme[other]}
        title={words.shell.scheme[other]}
        onClick={() => setColorScheme(other)}
      >
        <Icon name={other} />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={words.shell.otherLanguage}
        title={words.shell.otherLanguage}
        onClick={() => change(name === 'zh' ? 'en' : 'zh')}
      >
        <Icon name="language" />
      </ActionIcon>
    </>
  );
}
