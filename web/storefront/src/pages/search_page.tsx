import type { FormEvent } from 'react';
import { Link, navigate, usePlace } from 'securecart-kit/router';

import { searchProducts } from '../api/store';
import { Button, TextField } from '../components/basics';
import { useCollections } from '../components/layout';
import { ProductPages, useProductPages } from '../components/product_pages';
import { useCurrency } from '../lib/currency';
import { usePageTitle } from '../lib/page';
import { useShop } from '../lib/shop';
import { text } from '../text';

const pageSize = 24;

export function SearchPage() {
  const currency = useCurrency(useShop());
  const q = (usePlace().query.get('q') ?? '').trim();
  usePageTitle(q === '' ? text.search.title : text.search.titleFor(q));
  const pages = useProductPages(q === '' ? null : `search ${currency} ${q}`, (cursor) =>
    searchProducts({ q, currency, limit: pageSize, cursor }),
  );
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const next = String(new FormData(event.currentTarget).get('q') ?? '').trim();
    navigate(next === '' ? '/search' : `/search?q=${encodeURIComponent(next)}`);
  };
  const found = pages.products?.length;
  return (
    <div className="page">
      <header className="list-head">
        <h1>{text.search.title}</h1>
        <form className="search-form" onSubmit={search} action="/search">
          <TextField
            key={q}
            label={text.search.label}
            aria-required={false}
            name="q"
            type="search"
            defaultValue={q}
            placeholder={text.search.placeholder}
          />
          <Button type="submit">{text.search.button}</Button>
        </form>
      </header>
      <p className="list-tools soft" role="status">
        {q === '' && text.search.start}
        {q !== '' &&
          found !== undefined &&
          (found === 0
            ? text.search.none(q)
            : text.search.results(found, q, pages.grow !== null))}
      </p>
      {found === 0 && <Suggestions />}
      {q !== '' && found !== 0 && <ProductPages pages={pages} currency={currency} />}
    </div>
  );
}

function Suggestions() {
  const { data } = useCollections();
  return (
    <ul className="chips">
      {(data?.items ?? []).map(({ handle, title }) => (
        <li key={handle}>
          <Link className="chip" to={`/collections/${handle}`}>
            {title}
          </Link>
        </li>
      ))}
    </ul>
  );
}
