import { Component, Suspense, useEffect, type ReactNode } from 'react';
import { useQuery } from 'securecart-kit/query';
import { matchPath, usePlace } from 'securecart-kit/router';
import { useSignal } from 'securecart-kit/signal';

import { getShop } from './api/store';
import { Button, LoadFailure, Skeleton } from './components/basics';
import { Layout } from './components/layout';
import { refreshCart } from './lib/cart';
import { resumePlacing } from './lib/placing';
import { dress, presentationOf, ShopProvider } from './lib/shop';
import { HomePage } from './pages/home_page';
import { AccountPage, CartPage, CheckoutPage, OrderPage, ProductPage } from './pages/lazy';
import { ListPage } from './pages/list_page';
import { NotFoundPage } from './pages/not_found_page';
import { SearchPage } from './pages/search_page';
import { language, text } from './text';

// shop/api/pages.cpp knows the same paths.
const routes: [pattern: string, page: (values: Record<string, string>) => ReactNode][] = [
  ['/', () => <HomePage />],
  ['/collections', () => <ListPage key="" handle={null} />],
  ['/collections/:handle', ({ handle = '' }) => <ListPage key={handle} handle={handle} />],
  ['/products/:handle', ({ handle = '' }) => <ProductPage key={handle} handle={handle} />],
  ['/search', () => <SearchPage />],
  ['/cart', () => <CartPage />],
  ['/checkout', () => <CheckoutPage />],
  ['/orders/:id', ({ id = '' }) => <OrderPage key={id} id={id} />],
  ['/account', () => <AccountPage section="overview" />],
  ['/account/orders', () => <AccountPage section="orders" />],
  ['/account/addresses', () => <AccountPage section="addresses" />],
];

function pageAt(path: string): ReactNode {
  for (const [pattern, page] of routes) {
    const values = matchPath(pattern, path);
    if (values !== null) {
      return page(values);
    }
  }
  return <NotFoundPage />;
}

export function App() {
  return <Shop key={useSignal(language)} />;
}

function Shop() {
  const { data: shop, error, reload } = useQuery('shop', getShop);
  useEffect(() => {
    if (shop !== undefined) {
      dress(presentationOf(shop));
    }
  }, [shop]);
  useEffect(() => {
    refreshCart().catch(() => undefined); // told where the cart is shown
    resumePlacing();
  }, []);
  if (shop !== undefined) {
    return (
      <ShopProvider value={shop}>
        <Pages />
      </ShopProvider>
    );
  }
  return (
    <>
      <div className="header header-waiting" />
      <main className="page">
        {error !== undefined ? (
          <LoadFailure error={error} retry={() => void reload()} />
        ) : (
          <PageSkeleton />
        )}
      </main>
    </>
  );
}

function Pages() {
  const { path } = usePlace();
  return (
    <Layout bare={path === '/checkout'}>
      <Guard key={path}>
        <Suspense fallback={<PageSkeleton />}>{pageAt(path)}</Suspense>
      </Guard>
    </Layout>
  );
}

function PageSkeleton() {
  return (
    <div className="page page-waiting" role="status" aria-label={text.loading}>
      <Skeleton className="skeleton-title" />
      <Skeleton className="skeleton-block" />
    </div>
  );
}

// A defect in one page leaves header, cart and way out standing.
class Guard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) {
      return this.props.children;
    }
    return (
      <div className="page load-failure" role="alert">
        <h1>{text.failure.pageTitle}</h1>
        <p>{text.failure.page}</p>
        <Button onClick={() => location.reload()}>{text.failure.reload}</Button>
      </div>
    );
  }
}
