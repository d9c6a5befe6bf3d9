// Checkout on one page. The cart on the server is the truth: what is typed is saved there as soon as
// it is complete, and the totals shown are always the server's.

import { useCallback, useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import {
  Problem,
  type Cart,
  type CartShippingMethods,
  type CartUpdate,
  type CustomerAddress,
} from 'securecart-client';
import { useQuery } from 'securecart-kit/query';
import { Link, navigate } from 'securecart-kit/router';
import { useSignal } from 'securecart-kit/signal';

import { listAddresses, listShippingMethods } from '../api/store';
import { AddressForm } from '../components/address_form';
import {
  Button,
  ButtonLink,
  LoadFailure,
  Notice,
  Skeleton,
  TextField,
  VariantName,
} from '../components/basics';
import { CartLines } from '../components/cart_lines';
import { firstCard, TestCards } from '../components/test_cards';
import { Codes } from '../components/codes';
import { Totals } from '../components/totals';
import {
  addressOf,
  draftOf,
  isComplete,
  looksLikeEmail,
  problemsOf,
  sameAddress,
  type AddressDraft,
} from '../lib/address';
import { cartRef, cartState, changeCart, refreshCart } from '../lib/cart';
import { money } from '../lib/money';
import { usePageTitle } from '../lib/page';
import {
  placedMeanwhile,
  placeOrder,
  placing,
  recoverPlaced,
  refusal,
  type Placing,
  type Refusal,
} from '../lib/placing';
import { session } from '../lib/session';
import { useShop } from '../lib/shop';
import { explain } from '../lib/words';
import { text } from '../text';
import { loadOrderPage, prefetchPage } from './lazy';

type ShippingOffer = CartShippingMethods['items'][number];

export function CheckoutPage() {
  usePageTitle(text.checkout.title);
  const { cart, loaded, error } = useSignal(cartState);
  if (cart !== null) {
    return cart.lines.length > 0 || cart.status === 'completed' ? (
      <Checkout key={cart.id} cart={cart} />
    ) : (
      <NothingHere />
    );
  }
  if (loaded) {
    return <NothingHere />;
  }
  return (
    <div className="page">
      <h1>{text.checkout.title}</h1>
      {error === null ? (
        <Skeleton className="skeleton-block" />
      ) : (
        <LoadFailure error={error} retry={() => void refreshCart().catch(() => undefined)} />
      )}
    </div>
  );
}

function NothingHere() {
  // The order was placed in the instant this page was loaded anew.
  const placed = useSignal(placedMeanwhile);
  useEffect(() => {
    if (placed !== null) {
      navigate(`/orders/${placed.id}`, { replace: true });
    }
  }, [placed]);
  return (
    <div className="page page-narrow centred">
      <h1>{text.checkout.emptyTitle}</h1>
      <p className="lead">{text.cart.empty}</p>
      <p className="buttons">
        <ButtonLink to="/collections">{text.cart.browse}</ButtonLink>
      </p>
    </div>
  );
}

function PlacingPanel({ placing }: { placing: Placing }) {
  const words = text.checkout.retry;
  const { failures, resumed, tryNow } = placing;
  const longWait = 4;
  const story = failures >= longWait ? words.long : failures > 0 ? words.lost : words.first;
  return (
    <div className="page page-narrow centred placing">
      <div className="spinner" aria-hidden="true" />
      <h1>{words.title}</h1>
      <div role="status" aria-live="polite">
        {resumed && failures === 0 ? <p>{words.resumed}</p> : <p>{story}</p>}
        {failures > 0 && <p className="soft small">{words.attempt(failures + 1)}</p>}
      </div>
      {tryNow !== null && (
        <Button kind="quiet" onClick={tryNow}>
          {words.now}
        </Button>
      )}
    </div>
  );
}

function RefusalNotice({ refusal, cart }: { refusal: Refusal; cart: Cart }) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => notice.current?.focus(), [refusal]);
  const words = text.checkout.errors;
  const { error } = refusal;
  let story = explain(error);
  if (error instanceof Problem) {
    const known = words[error.code];
    const total = (amount: number) => money(amount, cart.currency);
    story =
      error.code === 'price_changed'
        ? words.price_changed(total(refusal.shownTotal), total(cart.totals.total))
        : typeof known === 'string'
          ? known
          : words.other(error.detail);
  }
  return (
    <div ref={notice} tabIndex={-1} className="refusal">
      <Notice kind="problem">
        <p>{story}</p>
      </Notice>
    </div>
  );
}

// The page

interface Form {
  email: string;
  shipping: AddressDraft;
  billingSame: boolean;
  billing: AddressDraft;
}

function formOf(cart: Cart, country: string): Form {
  return {
    email: cart.email || (session.get()?.customer.email ?? ''),
    shipping: draftOf(cart.shipping_address, country),
    billingSame: cart.billing_address === null,
    billing: draftOf(cart.billing_address, country),
  };
}

// What of the form the server does not have yet and would take.
function unsaved(form: Form, cart: Cart): CartUpdate {
  const update: CartUpdate = {};
  const email = form.email.trim();
  if (looksLikeEmail(email) && email.toLowerCase() !== cart.email.toLowerCase()) {
    update.email = email;
  }
  if (cart.requires_shipping && isComplete(form.shipping)) {
    const address = addressOf(form.shipping);
    if (!sameAddress(address, cart.shipping_address)) {
      update.shipping_address = address;
    }
  }
  if (form.billingSame) {
    if (cart.billing_address !== null) {
      update.billing_address = null;
    }
  } else if (isComplete(form.billing)) {
    const address = addressOf(form.billing);
    if (!sameAddress(address, cart.billing_address)) {
      update.billing_address = address;
    }
  }
  return update;
}

const isEmpty = (update: CartUpdate) => Object.keys(update).length === 0;

const savePauseMs = 500;

// Saves the form a moment after the last key, and at once when asked.
function useSaving(form: Form, cart: Cart) {
  const [error, setError] = useState<unknown>(null);
  const [saving, setSaving] = useState(0);
  const save = useCallback(async () => {
    const now = cartState.get().cart ?? cart;
    const update = unsaved(form, now);
    if (isEmpty(update) || now.status !== 'open') {
      return now;
    }
    setSaving((count) => count + 1);
    setError(null);
    try {
      return await changeCart(update);
    } catch (failure) {
      setError(failure);
      throw failure;
    } finally {
      setSaving((count) => count - 1);
    }
  }, [form, cart]);
  // Typed again and again, what cannot be saved is not sent again and again.
  const refused = useRef('');
  useEffect(() => {
    const update = JSON.stringify(unsaved(form, cart));
    if (update === '{}' || update === refused.current) {
      return undefined;
    }
    const timer = setTimeout(() => {
      save().catch(() => {
        refused.current = update;
      });
    }, savePauseMs);
    return () => clearTimeout(timer);
  }, [form, cart, save]);
  return { save, saving: saving > 0, error };
}

function useShippingMethods(cart: Cart) {
  const [methods, setMethods] = useState<ShippingOffer[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const depends = JSON.stringify([
    cart.currency,
    cart.shipping_address,
    cart.lines.map((line) => [line.variant_id, line.quantity]),
  ]);
  const wanted = cart.requires_shipping && cart.shipping_address !== null && cart.status === 'open';
  useEffect(() => {
    const ref = cartRef();
    if (!wanted || ref === null) {
      setMethods(null);
      return undefined;
    }
    let current = true;
    setError(null);
    listShippingMethods(ref).then(
      (found) => current && setMethods(found),
      (failure: unknown) => current && setError(failure),
    );
    return () => {
      current = false;
    };
  }, [depends, wanted, tries]);

  // The first one is chosen until the shopper chooses.
  const chosen = cart.shipping_method?.id ?? null;
  const first = methods?.[0]?.id;
  const choosable = methods?.some((method) => method.id === chosen) ?? true;
  useEffect(() => {
    if (first !== undefined && (chosen === null || !choosable)) {
      changeCart({ shipping_method_id: first }).catch(setError);
    }
  }, [first, chosen, choosable]);
  return { methods, error, retry: () => setTries(tries + 1) };
}

type Problems = {
  email?: string;
  shipping: ReturnType<typeof problemsOf>;
  billing: ReturnType<typeof problemsOf>;
};

function problemsIn(form: Form, cart: Cart): Problems {
  const problems: Problems = {
    shipping: cart.requires_shipping ? problemsOf(form.shipping) : {},
    billing: form.billingSame ? {} : problemsOf(form.billing),
  };
  if (form.email.trim() === '') {
    problems.email = text.problems.required(text.checkout.email);
  } else if (!looksLikeEmail(form.email)) {
    problems.email = text.problems.email;
  }
  return problems;
}

const countOf = (problems: Problems) =>
  Number(problems.email !== undefined) +
  Object.keys(problems.shipping).length +
  Object.keys(problems.billing).length;

function Checkout({ cart }: { cart: Cart }) {
  const shop = useShop();
  const [form, setForm] = useState(() => formOf(cart, shop.home_country));
  const [card, setCard] = useState<string>(firstCard);
  const [checked, setChecked] = useState(false); // problems are shown from the first try on
  const page = useRef<HTMLFormElement>(null);
  // The order's page is at hand before the order is placed: should the server be lost in between,
  // there is a page to say that the order is safe.
  useEffect(() => prefetchPage(loadOrderPage), []);
  const underWay = useSignal(placing);
  const refused = useSignal(refusal);
  useEffect(() => {
    if (cart.status === 'completed') {
      recoverPlaced(firstCard);
    }
  }, [cart.status]);
  const { save, saving, error } = useSaving(form, cart);
  const shipping = useShippingMethods(cart);
  const change = (part: Partial<Form>) => setForm((now) => ({ ...now, ...part }));

  const problems = problemsIn(form, cart);
  const shown: Problems = checked ? problems : { shipping: {}, billing: {} };
  const [waiting, setWaiting] = useState(false);
  const busy = waiting || saving;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (countOf(problems) > 0) {
      requestAnimationFrame(() =>
        page.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus(),
      );
      return;
    }
    const shownTotal = cart.totals.total;
    setWaiting(true);
    try {
      const saved = await save();
      if (saved.ready.complete) {
        const payment = { provider: 'test', method: card } as const;
        await placeOrder({ payment, expected_total: shownTotal });
      }
    } catch {
      // What could not be saved is told where it belongs (`error`).
    } finally {
      setWaiting(false);
    }
  };

  if (underWay !== null) {
    return <PlacingPanel placing={underWay} />;
  }
  return (
    <form className="page checkout" noValidate ref={page} onSubmit={(event) => void submit(event)}>
      <p className="back">
        <Link to="/cart">← {text.checkout.back}</Link>
      </p>
      <h1>{text.checkout.title}</h1>
      {refused !== null && <RefusalNotice refusal={refused} cart={cart} />}
      {checked && countOf(problems) > 0 && (
        <Notice kind="problem" title={text.problems.summary(countOf(problems))}>
          <p>{allProblems(problems).join('. ')}.</p>
        </Notice>
      )}
      <div className="with-aside">
        <div className="checkout-steps">
          <Contact form={form} problem={shown.email} onChange={(email) => change({ email })} />
          {cart.requires_shipping && (
            <Step title={text.checkout.delivery}>
              <SavedAddresses cart={cart} onChoose={(one) => change({ shipping: one })} />
              <AddressForm
                kind="shipping"
                draft={form.shipping}
                problems={shown.shipping}
                onChange={(draft) => change({ shipping: draft })}
              />
            </Step>
          )}
          <ShippingStep cart={cart} shipping={shipping} />
          <Step title={text.checkout.payment}>
            {shop.test_payments ? (
              <>
                <p className="soft">{text.checkout.testCards}</p>
                <TestCards value={card} onChange={setCard} />
              </>
            ) : (
              <Notice kind="info">{text.checkout.noProviders}</Notice>
            )}
            <label className="tick">
              <input
                type="checkbox"
                checked={form.billingSame}
                onChange={(event) => change({ billingSame: event.target.checked })}
              />
              <span>{text.checkout.billingSame}</span>
            </label>
            {!form.billingSame && (
              <div className="billing">
                <h3>{text.checkout.billing}</h3>
                <AddressForm
                  kind="billing"
                  draft={form.billing}
                  problems={shown.billing}
                  onChange={(draft) => change({ billing: draft })}
                />
              </div>
            )}
          </Step>
        </div>
        <Summary cart={cart}>
          {error !== null && <Notice kind="problem">{explain(error)}</Notice>}
          {shop.test_payments && (
            <>
              <Button
                type="submit"
                className="button-wide"
                busy={busy || cart.problems.length > 0}
              >
                {waiting
                  ? text.checkout.placing
                  : cart.ready.complete
                    ? text.checkout.placeFor(money(cart.totals.total, cart.currency))
                    : text.checkout.place}
              </Button>
              <p className="soft small centred" role="status">
                {saving ? text.checkout.saving : text.checkout.placeHint}
              </p>
            </>
          )}
        </Summary>
      </div>
    </form>
  );
}

function allProblems(problems: Problems): string[] {
  return [
    ...(problems.email === undefined ? [] : [problems.email]),
    ...Object.values(problems.shipping),
    ...Object.values(problems.billing),
  ];
}

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="step">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Contact({
  form,
  problem,
  onChange,
}: {
  form: Form;
  problem: string | undefined;
  onChange: (email: string) => void;
}) {
  const signedIn = useSignal(session);
  return (
    <Step title={text.checkout.contact}>
      {signedIn === null ? (
        <p className="step-aside soft">
          {text.checkout.haveAccount} <Link to="/account?next=checkout">{text.account.signIn}</Link>
        </p>
      ) : (
        <p className="step-aside soft">{text.checkout.signedInAs(signedIn.customer.name)}</p>
      )}
      <TextField
        label={text.checkout.email}
        type="email"
        name="email"
        autoComplete="email"
        inputMode="email"
        maxLength={254}
        value={form.email}
        problem={problem}
        hint={text.checkout.emailHint}
        onChange={(event) => onChange(event.target.value)}
      />
    </Step>
  );
}

function SavedAddresses({
  cart,
  onChoose,
}: {
  cart: Cart;
  onChoose: (draft: AddressDraft) => void;
}) {
  const shop = useShop();
  const signedIn = useSignal(session);
  const { data } = useQuery(
    signedIn === null ? null : `mine addresses ${signedIn.customer.id}`,
    listAddresses,
  );
  const addresses = (data?.items ?? []).filter((one) => shop.countries.includes(one.country));
  const draft = (address: CustomerAddress) => draftOf(address, shop.home_country);
  const first = addresses[0];
  const untouched = cart.shipping_address === null;
  const filled = useRef(false);
  useEffect(() => {
    if (untouched && first !== undefined && !filled.current) {
      filled.current = true;
      onChoose(draft(first));
    }
  });
  if (addresses.length < 2) {
    return null;
  }
  return (
    <div className="chips" role="group" aria-label={text.checkout.savedAddresses}>
      {addresses.map((address) => (
        <button
          type="button"
          className="chip"
          key={address.id}
          onClick={() => onChoose(draft(address))}
        >
          {address.line1}, {address.city}
        </button>
      ))}
      <button
        type="button"
        className="chip"
        onClick={() => onChoose(draftOf(null, shop.home_country))}
      >
        {text.checkout.otherAddress}
      </button>
    </div>
  );
}

function ShippingStep({
  cart,
  shipping,
}: {
  cart: Cart;
  shipping: ReturnType<typeof useShippingMethods>;
}) {
  const [failure, setFailure] = useState<unknown>(null);
  // While the choice is on its way the click shows already.
  const [wanted, setWanted] = useState<string | null>(null);
  const choose = async (id: string) => {
    setFailure(null);
    setWanted(id);
    try {
      await changeCart({ shipping_method_id: id });
    } catch (error) {
      setFailure(error);
    } finally {
      setWanted(null);
    }
  };
  const chosen = wanted ?? cart.shipping_method?.id;
  const { methods, error, retry } = shipping;
  let body: ReactNode;
  if (!cart.requires_shipping) {
    body = <p className="soft">{text.checkout.shippingNotNeeded}</p>;
  } else if (cart.shipping_address === null) {
    body = <p className="soft step-placeholder">{text.checkout.shippingFirst}</p>;
  } else if (methods === null && error !== null) {
    body = <LoadFailure error={error} retry={retry} />;
  } else if (methods === null) {
    body = <p className="soft step-placeholder">{text.checkout.shippingSaving}</p>;
  } else if (methods.length === 0) {
    body = <Notice kind="problem">{text.checkout.shippingNone}</Notice>;
  } else {
    body = (
      <div className="choices" role="radiogroup" aria-label={text.checkout.shipping}>
        {methods.map((method) => (
          <label key={method.id} className="choice">
            <input
              type="radio"
              name="shipping-method"
              checked={method.id === chosen}
              onChange={() => void choose(method.id)}
            />
            <span className="choice-words">
              <span className="choice-name">{method.name}</span>
              <span className="choice-hint">{method.description}</span>
            </span>
            <span className="choice-price">
              {method.amount === 0 ? text.totals.free : money(method.amount, method.currency)}
            </span>
          </label>
        ))}
      </div>
    );
  }
  return (
    <Step title={text.checkout.shipping}>
      <div aria-live="polite">{body}</div>
      {failure !== null && <Notice kind="problem">{explain(failure)}</Notice>}
    </Step>
  );
}

function Summary({ cart, children }: { cart: Cart; children: ReactNode }) {
  return (
    <aside className="panel summary" aria-label={text.checkout.review}>
      <h2>{text.checkout.review}</h2>
      {cart.problems.length > 0 ? (
        <CartLines cart={cart} />
      ) : (
        <ul className="summary-lines">
          {cart.lines.map((line) => (
            <li key={line.id}>
              <span className="summary-picture">
                {line.image !== null && (
                  <img src={line.image.src} alt="" width={56} height={56} />
                )}
                <span className="summary-count">{line.quantity}</span>
              </span>
              <span>
                {line.title}
                <VariantName title={line.variant_title} />
              </span>
              <span>{money(line.total, cart.currency)}</span>
            </li>
          ))}
        </ul>
      )}
      <Totals
        totals={cart.totals}
        discounts={cart.discounts}
        currency={cart.currency}
        shippingKnown={cart.shipping_method !== null || !cart.requires_shipping}
      />
      <Codes cart={cart} />
      {children}
    </aside>
  );
}
