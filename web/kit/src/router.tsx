// Where the shopper is, and how to go elsewhere without loading the page anew.

import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react';

const listeners = new Set<() => void>();

function announce(): void {
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    window.addEventListener('popstate', announce);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.removeEventListener('popstate', announce);
    }
  };
}

export interface Place {
  path: string; // "/" first, none at the end
  query: URLSearchParams;
}

let known: { href: string; place: Place } | null = null;

export function currentPlace(): Place {
  const href = location.pathname + location.search;
  if (known?.href !== href) {
    const path = location.pathname.replace(/\/+$/, '') || '/';
    known = { href, place: { path, query: new URLSearchParams(location.search) } };
  }
  return known.place;
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, currentPlace);
}

// `replace` leaves no trace in the history and keeps the scroll position: for filters and choices.
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) {
    history.replaceState(null, '', to);
  } else {
    history.pushState(null, '', to);
    window.scrollTo(0, 0);
  }
  announce();
}

// "/products/:handle" on "/products/marsh-teapot" -> {handle: "marsh-teapot"}
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) {
    return null;
  }
  const values: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const value = given[i] ?? '';
    if (segment.startsWith(':')) {
      if (value === '') {
        return null;
      }
      try {
        values[segment.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (segment !== value) {
      return null;
    }
  }
  return values;
}

export function Link({
  to,
  onClick,
  ...rest
}: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!event.defaultPrevented && event.button === 0 && !elsewhere && rest.target === undefined) {
      event.preventDefault();
      navigate(to);
    }
  };
  return <a href={to} onClick={follow} {...rest} />;
}
