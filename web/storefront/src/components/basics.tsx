// The small parts every page is made of.

import {
  useEffect,
  useId,
  useRef,
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
} from 'react';
import { Link } from 'securecart-kit/router';

import { money } from '../lib/money';
import { explain } from '../lib/words';
import { text } from '../text';
import { AlertIcon } from './icons';

export function Button({
  busy = false,
  kind = 'primary',
  children,
  ...rest
}: {
  busy?: boolean;
  kind?: 'primary' | 'quiet' | 'link';
} & ButtonHTMLAttributes<HTMLButtonElement>) {
  // A busy button stays where the focus is, so it is not `disabled`.
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${kind} ${rest.className ?? ''}`}
      aria-disabled={busy || rest['aria-disabled']}
      data-busy={busy || undefined}
      onClick={(event) => {
        if (busy) {
          event.preventDefault();
        } else {
          rest.onClick?.(event);
        }
      }}
    >
      {children}
    </button>
  );
}

export function ButtonLink({
  to,
  kind = 'primary',
  children,
  onClick,
}: {
  to: string;
  kind?: 'primary' | 'quiet';
  children: ReactNode;
  onClick?: () => void;
}) {
  return (
    <Link to={to} className={`button button-${kind}`} onClick={() => onClick?.()}>
      {children}
    </Link>
  );
}

export function Price({
  amount,
  currency,
  compareAt,
  from,
}: {
  amount: number;
  currency: string;
  compareAt?: number | null;
  from?: boolean;
}) {
  const reduced = compareAt !== null && compareAt !== undefined && compareAt > amount;
  return (
    <span className={reduced ? 'price price-reduced' : 'price'}>
      {from && <span className="price-from">{text.from} </span>}
      <span className="price-now">{money(amount, currency)}</span>
      {reduced && (
        <>
          {' '}
          <span className="sr-only">{text.product.was}</span>{' '}
          <s className="price-was">{money(compareAt, currency)}</s>
        </>
      )}
    </span>
  );
}

export function Notice({
  kind,
  title,
  children,
  announce = true,
}: {
  kind: 'info' | 'good' | 'problem';
  title?: string | undefined;
  children?: ReactNode;
  announce?: boolean;
}) {
  return (
    <div
      className={`notice notice-${kind}`}
      role={announce ? (kind === 'problem' ? 'alert' : 'status') : undefined}
    >
      {kind === 'problem' && <AlertIcon />}
      <div>
        {title !== undefined && <p className="notice-title">{title}</p>}
        {children}
      </div>
    </div>
  );
}

// The one variant of a product without options has a name nobody needs to read.
export function VariantName({ title }: { title: string }) {
  return /^(default( title)?)?$/i.test(title) ? null : (
    <span className="line-variant">{title}</span>
  );
}

// In place of what could not be read.
export function LoadFailure({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className="load-failure" role="alert">
      <h2>{text.failure.title}</h2>
      <p>{explain(error)}</p>
      <Button onClick={retry}>{text.tryAgain}</Button>
    </div>
  );
}

// A grey shape of the size of what will be there.
export function Skeleton({ className }: { className: string }) {
  return <span className={`skeleton ${className}`} aria-hidden="true" />;
}

export function Field({
  label,
  optional = false,
  problem,
  hint,
  children,
  className = '',
}: {
  label: string;
  optional?: boolean;
  problem?: string | undefined;
  hint?: string | undefined;
  className?: string;
  children: (ids: { id: string; describedBy: string | undefined; invalid: boolean }) => ReactNode;
}) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <div className={`field ${className}`} data-invalid={problem !== undefined || undefined}>
      <label htmlFor={id}>
        {label}
        {optional && <span className="field-optional"> ({text.address.optional})</span>}
      </label>
      {children({ id, describedBy: describedBy || undefined, invalid: problem !== undefined })}
      {hint !== undefined && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem !== undefined && (
        <p className="field-problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  optional,
  problem,
  hint,
  className,
  ...input
}: {
  label: string;
  optional?: boolean;
  problem?: string | undefined;
  hint?: string | undefined;
} & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field
      label={label}
      optional={optional ?? false}
      problem={problem}
      hint={hint}
      className={className ?? ''}
    >
      {({ id, describedBy, invalid }) => (
        <input
          aria-required={!optional}
          {...input}
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
        />
      )}
    </Field>
  );
}

export function Stepper({
  value,
  most,
  least = 1,
  label,
  less,
  more,
  disabled = false,
  onChange,
}: {
  value: number;
  most: number;
  least?: number;
  label: string;
  less: string;
  more: string;
  disabled?: boolean;
  onChange: (value: number) => void;
}) {
  return (
    <div className="stepper" role="group" aria-label={label}>
      <button
        type="button"
        aria-label={less}
        disabled={disabled || value <= least}
        onClick={() => onChange(value - 1)}
      >
        −
      </button>
      <output aria-live="polite">{value}</output>
      <button
        type="button"
        aria-label={more}
        disabled={disabled || value >= most}
        onClick={() => onChange(value + 1)}
      >
        +
      </button>
    </div>
  );
}

// <dialog> brings the focus trap, Escape and the backdrop.
export function Dialog({
  open,
  onClose,
  label,
  className,
  children,
}: {
  open: boolean;
  onClose: () => void;
  label: string;
  className: string;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) {
      return;
    }
    if (open && !element.open) {
      element.showModal();
    } else if (!open && element.open) {
      element.close();
    }
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) {
          onClose(); // on the backdrop
        }
      }}
    >
      {open && children}
    </dialog>
  );
}
