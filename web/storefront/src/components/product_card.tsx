import type { ProductSummary } from 'securecart-client';
import { prefetch } from 'securecart-kit/query';
import { Link } from 'securecart-kit/router';

import { getProduct } from '../api/store';
import { loadProductPage, prefetchPage } from '../pages/lazy';
import { text } from '../text';
import { Price, Skeleton } from './basics';

export function ProductCard({
  product,
  currency,
  eager = false,
}: {
  product: ProductSummary;
  currency: string;
  eager?: boolean;
}) {
  const readAhead = () => {
    prefetchPage(loadProductPage);
    prefetch(`product ${product.handle} ${currency}`, () => getProduct(product.handle, currency));
  };
  const { price } = product;
  const reduced = price.compare_at !== null && price.compare_at > price.amount;
  return (
    <li className="card">
      <Link
        to={`/products/${encodeURIComponent(product.handle)}`}
        onPointerEnter={readAhead}
        onFocus={readAhead}
      >
        <span className="card-picture">
          {product.image !== null && (
            <img
              src={product.image.src}
              alt=""
              loading={eager ? 'eager' : 'lazy'}
              width={600}
              height={600}
            />
          )}
          {!product.available && <span className="badge">{text.product.soldOut}</span>}
          {product.available && reduced && (
            <span className="badge badge-accent">{text.product.sale}</span>
          )}
        </span>
        <span className="card-title">{product.title}</span>
        <span className="card-maker">{product.vendor}</span>
        <Price
          amount={price.amount}
          currency={price.currency}
          compareAt={price.compare_at}
          from={price.varies}
        />
      </Link>
    </li>
  );
}

export function ProductGrid({
  products,
  currency,
  eager = 4,
}: {
  products: ProductSummary[] | undefined;
  currency: string;
  eager?: number;
}) {
  if (products === undefined) {
    return (
      <ul className="grid" aria-label={text.loading}>
        {Array.from({ length: 8 }, (_, i) => (
          <li className="card" key={i}>
            <span className="card-picture">
              <Skeleton className="skeleton-fill" />
            </span>
            <Skeleton className="skeleton-line card-title" />
            <Skeleton className="skeleton-line skeleton-short card-maker" />
            <Skeleton className="skeleton-line skeleton-short" />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <ul className="grid">
      {products.map((product, i) => (
        <ProductCard key={product.id} product={product} currency={currency} eager={i < eager} />
      ))}
    </ul>
  );
}
