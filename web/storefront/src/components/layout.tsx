// What surrounds every page: header, footer, cart drawer, and the news for screen readers.

import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useQuery } from 'securecart-kit/query';
import { Link, navigate, usePlace } from 'securecart-kit/router';
import { useSignal } from 'securecart-kit/signal';

import { listCollections } from '../api/store';
import { cartCount, cartState, changeCart, drawerOpen } from '../lib/cart';
import { chooseCurrency, useCurrency } from '../lib/currency';
import { placedMeanwhile, placing } from '../lib/placing';
import { session } from '../lib/session';
import { presentationOf, pricesIncludeTax, useShop } from '../lib/shop';
import { chooseLanguage, language, languages, text, type Language } from '../text';
import { Dialog } from './basics';
import { CartDrawer } from './cart_drawer';
import { BagIcon, CloseIcon, MenuIcon, PersonIcon, SearchIcon } from './icons';

export function Layout({ children, bare = false }: { children: ReactNode; bare?: boolean }) {
  const main = useFocusOnArrival();
  return (
    <>
      <a className="skip" href="#main" onClick={() => main.current?.focus()}>
        {text.skip}
      </a>
      <Header bare={bare} />
      <PlacingBar />
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Footer />
      <CartDrawer />
    </>
  );
}

// An order that is being placed goes on while the shopper looks around.
function PlacingBar() {
  const { path } = usePlace();
  const underWay = useSignal(placing);
  const placed = useSignal(placedMeanwhile);
  const orderPath = `/orders/${placed?.id ?? ''}`;
  if (underWay !== null && path !== '/checkout') {
    return (
      <p className="bar" role="status">
        {text.checkout.retry.title} <Link to="/checkout">{text.checkout.retry.look}</Link>
      </p>
    );
  }
  return placed === null || path === orderPath ? null : (
    <p className="bar" role="status">
      {text.checkout.retry.placed(placed.number)} <Link to={orderPath}>{text.checkout.retry.look}</Link>
    </p>
  );
}

// As after a full load, reading begins at the top of the new page.
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const { path } = usePlace();
  const first = useRef(path);
  useEffect(() => {
    if (first.current !== path) {
      first.current = path;
      main.current?.focus({ preventScroll: true });
    }
  }, [path]);
  return main;
}

export function useCollections() {
  return useQuery('collections', listCollections);
}

function Header({ bare }: { bare: boolean }) {
  const [menu, setMenu] = useState(false);
  const closeMenu = () => setMenu(false);
  return (
    <>
      <header className="header">
        <div className="header-row">
          {!bare && (
            <button
              type="button"
              className="icon-button header-menu"
              aria-label={text.header.menu}
              aria-expanded={menu}
              onClick={() => setMenu(true)}
            >
              <MenuIcon />
            </button>
          )}
          <Logo />
          {!bare && <SearchBox />}
          <div className="header-tools">
            {!bare && <LanguageSwitch />}
            <CurrencySwitch />
            <AccountLink />
            <CartButton />
          </div>
        </div>
        {!bare && <Collections />}
      </header>
      <Dialog open={menu} onClose={closeMenu} label={text.header.menu} className="drawer drawer-menu">
        <Menu close={closeMenu} />
      </Dialog>
    </>
  );
}

function Logo() {
  const shop = useShop();
  const { logo } = presentationOf(shop);
  return (
    <Link to="/" className="logo" aria-label={text.header.home(shop.name)}>
      {logo === undefined ? shop.name : <img src={logo} alt="" height={34} />}
    </Link>
  );
}

function SearchBox() {
  const { path, query } = usePlace();
  const asked = path === '/search' ? (query.get('q') ?? '') : '';
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const q = String(new FormData(event.currentTarget).get('q') ?? '').trim();
    navigate(q === '' ? '/search' : `/search?q=${encodeURIComponent(q)}`);
  };
  return (
    <form className="search-box" role="search" onSubmit={search} action="/search">
      <SearchIcon />
      <input
        key={asked}
        type="search"
        name="q"
        defaultValue={asked}
        aria-label={text.header.search}
        placeholder={text.header.search}
        autoComplete="off"
      />
    </form>
  );
}

function CurrencySwitch() {
  const shop = useShop();
  const currency = useCurrency(shop);
  const { cart } = useSignal(cartState);
  // Not with the click: a page that is left in between would keep a cart of the old currency.
  const open = cart?.status === 'open';
  const other = cart?.currency !== currency;
  useEffect(() => {
    if (open && other) {
      changeCart({ currency }).catch(() => undefined); // the cart page shows what failed
    }
  }, [open, other, currency]);
  if (shop.currencies.length < 2) {
    return null;
  }
  return (
    <select
      className="currency"
      aria-label={text.header.currency}
      value={currency}
      onChange={(event) => chooseCurrency(event.target.value)}
    >
      {shop.currencies.map((code) => (
        <option key={code}>{code}</option>
      ))}
    </select>
  );
}

function LanguageSwitch() {
  const spoken = useSignal(language);
  return (
    <select
      className="currency language"
      aria-label={text.header.language}
      value={spoken}
      onChange={(event) => {
        // A language that cannot be fetched leaves the page as it is.
        chooseLanguage(event.target.value as Language).catch(() => undefined);
      }}
    >
      {Object.entries(languages).map(([code, { name }]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

function AccountLink() {
  const signedIn = useSignal(session) !== null;
  return (
    <Link
      to="/account"
      className="icon-button"
      aria-label={signedIn ? text.header.account : text.header.signIn}
    >
      <PersonIcon />
    </Link>
  );
}

function CartButton() {
  const { cart } = useSignal(cartState);
  const { path } = usePlace();
  const count = cartCount(cart);
  const onCart = path === '/cart' || path === '/checkout';
  return (
    <button
      type="button"
      className="icon-button cart-button"
      aria-label={text.header.cart(count)}
      onClick={() => (onCart ? navigate('/cart') : drawerOpen.set(true))}
    >
      <BagIcon />
      {count > 0 && <span className="cart-count">{count > 99 ? '99+' : count}</span>}
    </button>
  );
}

function Collections() {
  const { path } = usePlace();
  const { data } = useCollections();
  const current = (to: string) => (path === to ? ('page' as const) : undefined);
  return (
    <nav className="collections-nav" aria-label={text.header.collections}>
      <ul>
        {data?.items.map(({ handle, title }) => (
          <li key={handle}>
            <Link to={`/collections/${handle}`} aria-current={current(`/collections/${handle}`)}>
              {title}
            </Link>
          </li>
        ))}
        {data !== undefined && (
          <li>
            <Link to="/collections" aria-current={current('/collections')}>
              {text.header.everything}
            </Link>
          </li>
        )}
      </ul>
    </nav>
  );
}

function Menu({ close }: { close: () => void }) {
  const { data } = useCollections();
  return (
    <>
      <header className="drawer-head">
        <h2>{text.header.menu}</h2>
        <button type="button" className="icon-button" aria-label={text.close} onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <nav className="menu" aria-label={text.header.collections}>
        <ul>
          {(data?.items ?? []).map(({ handle, title }) => (
            <li key={handle}>
              <Link to={`/collections/${handle}`} onClick={close}>
                {title}
              </Link>
            </li>
          ))}
          <li>
            <Link to="/collections" onClick={close}>
              {text.header.everything}
            </Link>
          </li>
          <li className="menu-apart">
            <Link to="/search" onClick={close}>
              {text.header.searchShort}
            </Link>
          </li>
          <li>
            <Link to="/account" onClick={close}>
              {text.header.account}
            </Link>
          </li>
          <li className="menu-apart">
            <LanguageSwitch />
          </li>
        </ul>
      </nav>
    </>
  );
}

function Footer() {
  const shop = useShop();
  const { about } = presentationOf(shop);
  const { data } = useCollections();
  return (
    <footer className="footer">
      <div className="footer-columns">
        <section>
          <h2>{shop.name}</h2>
          <p>{about ?? shop.tagline}</p>
        </section>
        <nav aria-label={text.footer.shop}>
          <h2>{text.footer.shop}</h2>
          <ul>
            {(data?.items ?? []).slice(0, 6).map(({ handle, title }) => (
              <li key={handle}>
                <Link to={`/collections/${handle}`}>{title}</Link>
              </li>
            ))}
            <li>
              <Link to="/collections">{text.header.everything}</Link>
            </li>
          </ul>
        </nav>
        <nav aria-label={text.footer.help}>
          <h2>{text.footer.help}</h2>
          <ul>
            <li>
              <Link to="/account/orders">{text.footer.yourOrders}</Link>
            </li>
            <li>
              <Link to="/account">{text.footer.yourAccount}</Link>
            </li>
            {shop.contact_email !== '' && (
              <li>
                <a href={`mailto:${shop.contact_email}`}>{text.footer.write}</a>
              </li>
            )}
          </ul>
        </nav>
      </div>
      <p className="footer-small">
        {pricesIncludeTax(shop) ? text.footer.pricesWithTax : text.footer.pricesWithoutTax}
        {shop.test_payments && ` ${text.footer.demo}`}
      </p>
    </footer>
  );
}
