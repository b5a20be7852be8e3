import { type CSSVariablesResolver, createTheme } from '@mantine/core';

/** How the console looks. Colours of text have the contrast that WCAG 2.2 AA asks for, in light and in dark. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
  respectReducedMotion: true,
});

/** Colours of a badge, or a chosen link, whose text is too light on their ground. */
const DARKENED = ['teal', 'blue', 'red', 'orange', 'yellow', 'gray', 'indigo'];

/** Text of lesser weight, and on a coloured ground, dark (or light) enough to be read. */
export const cssVariables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': colors.gray[7],
    '--mantine-color-placeholder': colors.gray[6],
    ...Object.fromEntries(
      DARKENED.map((name) => [
        `--mantine-color-${name}-light-color`,
        `color-mix(in srgb, var(--mantine-color-${name}-9) 70%, black)`,
      ]),
    ),
  },
  dark: { '--mantine-color-dimmed': colors.dark[1], '--mantine-color-placeholder': colors.dark[2] },
});
