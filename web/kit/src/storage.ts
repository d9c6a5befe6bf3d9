// localStorage that never throws: where it is full or forbidden, values live as long as the page.

const fallback = new Map<string, string>();

export function readStored<T>(name: string): T | null {
  let text: string | null;
  try {
    text = localStorage.getItem(name);
  } catch {
    text = null;
  }
  text ??= fallback.get(name) ?? null;
  if (text === null) {
    return null;
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

export function store(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(name, text);
    fallback.delete(name);
  } catch {
    fallback.set(name, text);
  }
}

export function forget(name: string): void {
  fallback.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing was kept there.
  }
}
