import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

const Rendered = lazy(async () => ({ default: (await import('./rendered-markdown.js')).RenderedMarkdown }));

/** A text in Markdown, shown; HTML in it is shown as it is written. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<Skeleton height={20} />}>
      <Rendered text={text} />
    </Suspense>
  );
}
