import { Component, lazy, Suspense, useEffect, type ReactNode } from 'react';
import { useQuery } from 'securecart-kit/query';
import { matchPath, usePlace } from 'securecart-kit/router';
import { useSignal } from 'securecart-kit/signal';

import { getMe, getShop, signedIn } from './api';
import { Button, ButtonLink, LoadFailure, PageHead, Waiting } from './components/basics';
import { Layout } from './components/layout';
import { ShopProvider } from './lib/shop';
import { OrdersPage } from './pages/orders_page';
import { SignInPage } from './pages/sign_in_page';

const HomePage = lazy(() => import('./pages/home_page').then((m) => ({ default: m.HomePage })));
const OrderPage = lazy(() => import('./pages/order_page').then((m) => ({ default: m.OrderPage })));
const ReviewsPage = lazy(() =>
  import('./pages/reviews_page').then((m) => ({ default: m.ReviewsPage })),
);
const CustomersPage = lazy(() =>
  import('./pages/customers_page').then((m) => ({ default: m.CustomersPage })),
);
const CustomerPage = lazy(() =>
  import('./pages/customers_page').then((m) => ({ default: m.CustomerPage })),
);
const ProductsPage = lazy(() =>
  import('./pages/products_page').then((m) => ({ default: m.ProductsPage })),
);
const ProductPage = lazy(() =>
  import('./pages/product_page').then((m) => ({ default: m.ProductPage })),
);
const NewProductPage = lazy(() =>
  import('./pages/product_page').then((m) => ({ default: m.NewProductPage })),
);
const CollectionsPage = lazy(() =>
  import('./pages/collections_page').then((m) => ({ default: m.CollectionsPage })),
);
const CollectionPage = lazy(() =>
  import('./pages/collections_page').then((m) => ({ default: m.CollectionPage })),
);
const PromotionsPage = lazy(() =>
  import('./pages/promotions_page').then((m) => ({ default: m.PromotionsPage })),
);
const NewPromotionPage = lazy(() =>
  import('./pages/promotions_page').then((m) => ({ default: m.NewPromotionPage })),
);
const PromotionPage = lazy(() =>
  import('./pages/promotions_page').then((m) => ({ default: m.PromotionPage })),
);
const StockPage = lazy(() => import('./pages/stock_page').then((m) => ({ default: m.StockPage })));
const StockItemPage = lazy(() =>
  import('./pages/stock_page').then((m) => ({ default: m.StockItemPage })),
);
const ImportsPage = lazy(() =>
  import('./pages/imports_page').then((m) => ({ default: m.ImportsPage })),
);
const SettingsPage = lazy(() =>
  import('./pages/settings_page').then((m) => ({ default: m.SettingsPage })),
);
const StaffPage = lazy(() => import('./pages/staff_page').then((m) => ({ default: m.StaffPage })));
const FunctionsPage = lazy(() =>
  import('./pages/functions_page').then((m) => ({ default: m.FunctionsPage })),
);
const FunctionPage = lazy(() =>
  import('./pages/functions_page').then((m) => ({ default: m.FunctionPage })),
);
const EventsPage = lazy(() =>
  import('./pages/events_page').then((m) => ({ default: m.EventsPage })),
);

const routes: [pattern: string, title: string, page: (id: string) => ReactNode][] = [
  ['/admin', 'Today', () => <HomePage />],
  ['/admin/orders', 'Orders', () => <OrdersPage />],
  ['/admin/orders/:id', 'Order', (id) => <OrderPage key={id} id={id} />],
  ['/admin/reviews', 'Held orders', () => <ReviewsPage />],
  ['/admin/customers', 'Customers', () => <CustomersPage />],
  ['/admin/customers/:id', 'Customer', (id) => <CustomerPage key={id} id={id} />],
  ['/admin/products', 'Products', () => <ProductsPage />],
  ['/admin/products/new', 'New product', () => <NewProductPage />],
  ['/admin/products/:id', 'Product', (id) => <ProductPage key={id} id={id} />],
  ['/admin/collections', 'Collections', () => <CollectionsPage />],
  ['/admin/collections/:id', 'Collection', (id) => <CollectionPage key={id} id={id} />],
  ['/admin/promotions', 'Promotions', () => <PromotionsPage />],
  ['/admin/promotions/new', 'New promotion', () => <NewPromotionPage />],
  ['/admin/promotions/:id', 'Promotion', (id) => <PromotionPage key={id} id={id} />],
  ['/admin/stock', 'Stock', () => <StockPage />],
  ['/admin/stock/:id', 'Stock of an item', (id) => <StockItemPage key={id} id={id} />],
  ['/admin/imports', 'Import and export', () => <ImportsPage />],
  ['/admin/settings', 'Settings', () => <SettingsPage section="general" />],
  ['/admin/settings/:id', 'Settings', (id) => <SettingsPage key={id} section={id} />],
  ['/admin/staff', 'Staff and keys', () => <StaffPage />],
  ['/admin/functions', 'Functions', () => <FunctionsPage />],
  ['/admin/functions/:id', 'Function', (id) => <FunctionPage key={id} id={id} />],
  ['/admin/events', 'Event log', () => <EventsPage />],
];

function routeAt(path: string): { title: string; page: ReactNode } {
  for (const [pattern, title, page] of routes) {
    const values = matchPath(pattern, path);
    if (values !== null) {
      return { title, page: page(values['id'] ?? '') };
    }
  }
  return { title: 'Nothing here', page: <Nothing /> };
}

export function App() {
  return useSignal(signedIn) ? <Inside /> : <SignInPage />;
}

function Inside() {
  const me = useQuery('me', getMe);
  const shop = useQuery('shop', getShop);
  const { path } = usePlace();
  const { title, page } = routeAt(path);
  const name = shop.data?.name;
  useEffect(() => {
    document.title = [title, name, 'admin'].filter(Boolean).join(' · ');
  }, [title, name]);
  if (me.data === undefined || shop.data === undefined) {
    const error = me.error ?? shop.error;
    const retry = () => void Promise.all([me.reload(), shop.reload()]);
    return (
      <main className="alone">
        {error === undefined ? <Waiting /> : <LoadFailure error={error} retry={retry} />}
      </main>
    );
  }
  return (
    <ShopProvider value={{ me: me.data, shop: shop.data }}>
      <Layout>
        <Guard key={path}>
          <Suspense fallback={<Waiting />}>{page}</Suspense>
        </Guard>
      </Layout>
    </ShopProvider>
  );
}

function Nothing() {
  return (
    <>
      <PageHead title="Nothing here" />
      <p>The page you are looking for has moved or never was.</p>
      <p>
        <ButtonLink to="/admin">To today’s sales</ButtonLink>
      </p>
    </>
  );
}

// A defect in one page leaves the way out standing.
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
      <div className="load-failure" role="alert">
        <h1>Something went wrong</h1>
        <p>This page ran into a defect of ours. What was saved is saved.</p>
        <Button onClick={() => location.reload()}>Load the page again</Button>
      </div>
    );
  }
}
