import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { en, type Words } from './en.js';
import { zh } from './zh.js';

const LANGUAGES = { zh: { words: zh, tag: 'zh-CN' }, en: { words: en, tag: 'en' } } as const;
export type LanguageName = keyof typeof LANGUAGES;

interface Language {
  name: LanguageName;
  /** As the standards write it. */
  tag: string;
  words: Words;
  change: (name: LanguageName) => void;
}

const STORED = 'grok2api-language';
const LanguageContext = createContext<Language | undefined>(undefined);

/** Gives everything within the words of the language that was chosen, else of the browser's. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [name, setName] = useState<LanguageName>(initialLanguage);
  const { tag, words } = LANGUAGES[name];
  // Requests that are sent while this renders name the language already.
  document.documentElement.lang = tag;
  useEffect(() => localStorage.setItem(STORED, name), [name]);
  const language = useMemo(() => ({ name, tag, words, change: setName }), [name, tag, words]);
  return <LanguageContext value={language}>{children}</LanguageContext>;
}

/** The language that is spoken. */
export function useLanguage(): Language {
  const language = useContext(LanguageContext);
  if (!language) throw new Error('there is no LanguageProvider around');
  return language;
}

/** Its words. */
export function useWords(): Words {
  return useLanguage().words;
}

function initialLanguage(): LanguageName {
  const stored = localStorage.getItem(STORED);
  if (stored === 'zh' || stored === 'en') return stored;
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}
