import { useEffect } from 'react';

import { text } from '../text';
import { useShop } from './shop';

// Names the page in the tab, in the history and to screen readers. An empty title is the shop's own.
export function usePageTitle(title: string | undefined): void {
  const shop = useShop();
  const own = shop.tagline === '' ? shop.name : shop.name + text.separator + shop.tagline;
  useEffect(() => {
    if (title !== undefined) {
      document.title = title === '' ? own : title + text.separator + shop.name;
    }
  }, [title, own, shop.name]);
}

export function useDescription(description: string | undefined): void {
  useEffect(() => {
    if (description === undefined || description === '') {
      return;
    }
    let tag = document.querySelector<HTMLMetaElement>('meta[name=description]');
    if (tag === null) {
      tag = document.createElement('meta');
      tag.name = 'description';
      document.head.append(tag);
    }
    tag.content = description;
  }, [description]);
}
