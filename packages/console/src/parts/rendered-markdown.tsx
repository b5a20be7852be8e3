import { Anchor } from '@mantine/core';
import type { AnchorHTMLAttributes } from 'react';
import ReactMarkdown, { defaultUrlTransform } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { fileAddress } from '../api/file-address.js';

const PLUGINS = [remarkGfm];
const COMPONENTS = { a: ForeignLink };

/** Markdown as elements: no HTML passes through, and only addresses that lead somewhere. */
export function RenderedMarkdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown
        remarkPlugins={PLUGINS}
        components={COMPONENTS}
        urlTransform={(url) => fileAddress(defaultUrlTransform(url))}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
}

/** Where it leads learns nothing of this page. */
function ForeignLink({ href, children }: AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <Anchor href={href} target="_blank" rel="noopener noreferrer" underline="always">
      {children}
    </Anchor>
  );
}
