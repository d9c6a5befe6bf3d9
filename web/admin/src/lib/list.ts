// A list that grows page by page.

import { useEffect, useState } from 'react';
import type { Page } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';

export interface List<Item> {
  items: Item[] | undefined;
  error: unknown;
  more: (() => Promise<void>) | null;
  reload: () => Promise<void>;
}

// `name` says what is listed: with another one the list begins anew.
export function useList<Item>(
  name: string,
  load: (cursor: string | null) => Promise<Page<Item>>,
): List<Item> {
  const first = useQuery(name, () => load(null));
  const [grown, setGrown] = useState<{ name: string; pages: Page<Item>[] }>({ name, pages: [] });
  useEffect(() => setGrown({ name, pages: [] }), [name, first.data]);
  const pages =
    first.data === undefined
      ? []
      : [first.data, ...(grown.name === name ? grown.pages : [])];
  const cursor = pages.at(-1)?.next_cursor ?? null;
  return {
    items: first.data === undefined ? undefined : pages.flatMap((page) => page.items),
    error: first.error,
    more:
      cursor === null
        ? null
        : async () => {
            const next = await load(cursor);
            setGrown({ name, pages: [...pages.slice(1), next] });
          },
    reload: () => first.reload(),
  };
}
