import { Problem } from 'securecart-client';
import { useQuery } from 'securecart-kit/query';
import { navigate, usePlace } from 'securecart-kit/router';

import { getCollection, listProducts, type Sort } from '../api/store';
import { LoadFailure, Skeleton } from '../components/basics';
import { ProductPages, useProductPages } from '../components/product_pages';
import { useCurrency } from '../lib/currency';
import { useDescription, usePageTitle } from '../lib/page';
import { useShop } from '../lib/shop';
import { text } from '../text';
import { NotFoundPage } from './not_found_page';

const pageSize = 24;

// A collection, or everything there is (`handle` null).
export function ListPage({ handle }: { handle: string | null }) {
  const currency = useCurrency(useShop());
  const { path, query } = usePlace();
  const asked = query.get('sort') ?? '';
  const sort = asked in text.list.sorts ? (asked as Sort) : undefined;
  const collection = useQuery(handle === null ? null : `collection ${handle}`, () =>
    getCollection(handle ?? ''),
  );
  const pages = useProductPages(
    `products ${handle ?? ''} ${currency} ${sort ?? ''}`,
    (cursor) =>
      listProducts({ collection: handle ?? undefined, currency, sort, limit: pageSize, cursor }),
  );
  const title = handle === null ? text.list.everything : collection.data?.title;
  const intro = handle === null ? undefined : collection.data?.description;
  usePageTitle(title);
  useDescription(intro?.replace(/<[^>]*>/g, ' ').trim());

  if (collection.error instanceof Problem && collection.error.status === 404) {
    return <NotFoundPage />;
  }
  if (collection.data === undefined && collection.error !== undefined) {
    return (
      <div className="page">
        <LoadFailure error={collection.error} retry={() => void collection.reload()} />
      </div>
    );
  }
  return (
    <div className="page">
      <header className="list-head">
        <h1>{title ?? <Skeleton className="skeleton-title" />}</h1>
        {handle === null ? (
          <p className="lead">{text.list.everythingIntro}</p>
        ) : intro === undefined ? (
          <p className="lead">
            <Skeleton className="skeleton-line" />
          </p>
        ) : (
          // Cleaned by the server when the merchant saved it (shop/catalog/sanitise_html).
          <div className="lead" dangerouslySetInnerHTML={{ __html: intro }} />
        )}
      </header>
      {/* What stands below the words waits for them: it would jump when they come. */}
      {(handle === null || intro !== undefined) && (
        <>
          <div className="list-tools">
            <p className="soft" role="status">
              {pages.products !== undefined && text.list.shown(pages.products.length)}
            </p>
            <label className="sort">
              <span>{text.list.sort}</span>
              <select
                value={sort ?? ''}
                onChange={(event) => {
                  const chosen = event.target.value;
                  navigate(chosen === '' ? path : `${path}?sort=${chosen}`, { replace: true });
                }}
              >
                <option value="">{text.list.usual}</option>
                {Object.entries(text.list.sorts).map(([value, words]) => (
                  <option key={value} value={value}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {pages.products?.length === 0 ? (
            <p className="lead">{text.list.empty}</p>
          ) : (
            <ProductPages pages={pages} currency={currency} />
          )}
        </>
      )}
    </div>
  );
}
