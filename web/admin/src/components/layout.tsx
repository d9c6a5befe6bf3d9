// What surrounds every page: where one can go, who is signed in, and the keys.

import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, navigate, usePlace } from 'securecart-kit/router';

import { signOut } from '../api';
import { words } from '../lib/format';
import { useShop } from '../lib/shop';
import { Button, Dialog } from './basics';

interface Goal {
  to: string;
  name: string;
  key: string; // after "g"
}

const goals: { name: string; goals: Goal[] }[] = [
  {
    name: 'Selling',
    goals: [
      { to: '/admin', name: 'Today', key: 't' },
      { to: '/admin/orders', name: 'Orders', key: 'o' },
      { to: '/admin/reviews', name: 'Held orders', key: 'h' },
      { to: '/admin/customers', name: 'Customers', key: 'c' },
    ],
  },
  {
    name: 'Goods',
    goals: [
      { to: '/admin/products', name: 'Products', key: 'p' },
      { to: '/admin/collections', name: 'Collections', key: 'l' },
      { to: '/admin/promotions', name: 'Promotions', key: 'm' },
      { to: '/admin/stock', name: 'Stock', key: 's' },
      { to: '/admin/imports', name: 'Import and export', key: 'i' },
    ],
  },
  {
    name: 'The shop',
    goals: [
      { to: '/admin/settings', name: 'Settings', key: ',' },
      { to: '/admin/staff', name: 'Staff and keys', key: 'a' },
      { to: '/admin/functions', name: 'Functions', key: 'f' },
      { to: '/admin/events', name: 'Event log', key: 'e' },
    ],
  },
];

export function Layout({ children }: { children: ReactNode }) {
  const { shop, me } = useShop();
  const { path } = usePlace();
  const [menu, setMenu] = useState(false);
  const [keys, setKeys] = useState(false);
  const main = useFocusOnArrival(() => setMenu(false));
  useKeys(() => setKeys(true));
  const current = (to: string) =>
    path === to || (to !== '/admin' && path.startsWith(`${to}/`)) ? ('page' as const) : undefined;
  return (
    <div className="frame">
      <a className="skip" href="#main" onClick={() => main.current?.focus()}>
        Skip to the content
      </a>
      <header className="top">
        <button
          type="button"
          className="menu-button"
          aria-expanded={menu}
          aria-controls="goals"
          onClick={() => setMenu(!menu)}
        >
          <span aria-hidden="true">☰</span> Menu
        </button>
        <Link to="/admin" className="top-shop">
          {shop.name}
        </Link>
        <a className="top-link" href="/" target="_blank" rel="noreferrer">
          See the shop
        </a>
        <span className="top-me">
          {me.staff?.name ?? 'API key'} <span className="soft">({words(me.role)})</span>
        </span>
        <Button kind="link" onClick={() => void signOut()}>
          Sign out
        </Button>
      </header>
      <nav id="goals" className="goals" data-open={menu || undefined} aria-label="Admin">
        {goals.map(({ name, goals: inGroup }) => (
          <div key={name}>
            <p className="goals-name">{name}</p>
            <ul>
              {inGroup.map((goal) => (
                <li key={goal.to}>
                  <Link to={goal.to} aria-current={current(goal.to)}>
                    {goal.name}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <Button kind="link" onClick={() => setKeys(true)}>
          Keys
        </Button>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      {keys && <KeysDialog onClose={() => setKeys(false)} />}
    </div>
  );
}

// As after a full load, reading begins at the top of the new page.
function useFocusOnArrival(onArrival: () => void) {
  const main = useRef<HTMLElement>(null);
  const { path } = usePlace();
  const first = useRef(path);
  useEffect(() => {
    if (first.current !== path) {
      first.current = path;
      onArrival();
      main.current?.focus({ preventScroll: true });
    }
  }, [path]); // eslint-disable-line
  return main;
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

// "g" and a letter goes somewhere, "/" searches, "?" tells.
function useKeys(tell: () => void): void {
  useEffect(() => {
    let going = false;
    const press = (event: KeyboardEvent) => {
      const held = event.ctrlKey || event.metaKey || event.altKey;
      if (held || typing(event.target) || document.querySelector('dialog[open]') !== null) {
        going = false;
        return;
      }
      const goal = goals.flatMap((group) => group.goals).find(({ key }) => key === event.key);
      if (going && goal !== undefined) {
        navigate(goal.to);
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('main input[type=search]');
        if (search !== null) {
          event.preventDefault();
          search.focus();
        }
      } else if (event.key === '?') {
        tell();
      }
      going = event.key === 'g' && !going;
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []); // eslint-disable-line
}

function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys dialog-body">
        <div>
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>Search in this list</dd>
        </div>
        {goals
          .flatMap((group) => group.goals)
          .map(({ to, name, key }) => (
            <div key={to}>
              <dt>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </dt>
              <dd>{name}</dd>
            </div>
          ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close a dialog</dd>
        </div>
      </dl>
    </Dialog>
  );
}
