import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { prefetch } from 'securecart-kit/query';

import { getShop, listCollections } from './api/store';
import { App } from './app';
import { preferredLanguage, speak } from './text';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/shop.css';
import './styles/buying.css';

// What every page needs is on its way before the first one is drawn.
prefetch('shop', getShop);
prefetch('collections', listCollections);

const root = document.getElementById('root');
if (root === null) {
  throw new Error('index.html has no #root');
}
const page = createRoot(root);
// Where the words of another language cannot be fetched, English will do.
void speak(preferredLanguage(navigator.languages))
  .catch(() => undefined)
  .then(() =>
    page.render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  );
