// A long list of products that grows by "Show more".

import { useEffect, useRef, useState } from 'react';
import type { Page, ProductSummary } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';

import { explain } from '../lib/words';
import { text } from '../text';
import { Button, LoadFailure, Notice } from './basics';
import { ProductGrid } from './product_card';

type Load = (cursor: string | null) => Promise<Page<ProductSummary>>;

// `name` says what is listed: with another one the list begins anew.
export function useProductPages(name: string | null, load: Load) {
  const first = useQuery(name, () => load(null));
  const [grown, setGrown] = useState<{ name: string | null; more: Page<ProductSummary>[] }>({
    name,
    more: [],
  });
  const more = grown.name === name ? grown.more : [];
  const pages = first.data === undefined ? [] : [first.data, ...more];
  const cursor = pages.at(-1)?.next_cursor ?? null;
  const grow = async () => {
    const next = await load(cursor);
    setGrown({ name, more: [...more, next] });
  };
  return {
    products: first.data === undefined ? undefined : pages.flatMap((page) => page.items),
    error: first.error,
    reload: first.reload,
    grow: cursor === null ? null : grow,
  };
}

export function ProductPages({
  pages,
  currency,
}: {
  pages: ReturnType<typeof useProductPages>;
  currency: string;
}) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const [firstNew, setFirstNew] = useState<number | null>(null);
  // The keyboard goes on where the list grew.
  useEffect(() => {
    if (firstNew !== null) {
      list.current?.querySelectorAll<HTMLElement>('.card a')[firstNew]?.focus();
    }
  }, [firstNew]);

  if (pages.products === undefined && pages.error !== undefined) {
    return <LoadFailure error={pages.error} retry={() => void pages.reload()} />;
  }
  const more = async () => {
    setBusy(true);
    setFailure(null);
    try {
      const count = pages.products?.length ?? 0;
      await pages.grow?.();
      setFirstNew(count);
    } catch (error) {
      setFailure(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div ref={list}>
      <ProductGrid products={pages.products} currency={currency} eager={8} />
      {failure !== null && <Notice kind="problem">{failure}</Notice>}
      {pages.grow !== null && (
        <p className="more">
          <Button kind="quiet" busy={busy} onClick={() => void more()}>
            {text.list.more}
          </Button>
        </p>
      )}
    </div>
  );
}
