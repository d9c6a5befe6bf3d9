import { createContext, useContext } from 'react';
import type { Me, Shop } from 'securecart-client';

const Context = createContext<{ shop: Shop; me: Me } | null>(null);
export const ShopProvider = Context.Provider;

export function useShop(): { shop: Shop; me: Me } {
  const known = useContext(Context);
  if (known === null) {
    throw new Error('useShop outside of ShopProvider');
  }
  return known;
}
