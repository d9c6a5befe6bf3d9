// The small parts every page is made of.

import {
  useEffect,
  useId,
  useRef,
  useState,
  type ButtonHTMLAttributes,
  type FormEvent,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react';
import { Link } from 'securecart-kit/router';

import { explain, isConflict } from '../lib/explain';
import { sayExactly, sayMoment, words } from '../lib/format';
import type { List } from '../lib/list';

export function Button({
  busy = false,
  kind = 'quiet',
  children,
  ...rest
}: {
  busy?: boolean;
  kind?: 'primary' | 'quiet' | 'danger' | 'link';
} & ButtonHTMLAttributes<HTMLButtonElement>) {
  // A busy button stays where the focus is, so it is not `disabled`.
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${kind} ${rest.className ?? ''}`}
      aria-disabled={busy || rest['aria-disabled']}
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

export function ButtonLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="button button-primary">
      {children}
    </Link>
  );
}

const tones: Record<string, string> = {
  paid: 'good',
  fulfilled: 'good',
  completed: 'good',
  active: 'good',
  published: 'good',
  enabled: 'good',
  finished: 'good',
  succeeded: 'good',
  captured: 'good',
  released: 'good',
  unfulfilled: 'waiting',
  pending: 'waiting',
  requires_action: 'waiting',
  running: 'waiting',
  waiting: 'waiting',
  partially_fulfilled: 'waiting',
  held: 'alarm',
  declined: 'alarm',
  failed: 'alarm',
  disabled: 'alarm',
};

// The state of something; never told by colour alone.
export function Badge({ state, children }: { state: string; children?: ReactNode }) {
  return (
    <span className="badge" data-tone={tones[state] ?? 'plain'}>
      {children ?? words(state)}
    </span>
  );
}

export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={sayExactly(at)}>
      {sayMoment(at)}
    </time>
  );
}

export function Notice({
  kind,
  title,
  children,
}: {
  kind: 'info' | 'good' | 'problem';
  title?: string;
  children?: ReactNode;
}) {
  return (
    <div className={`notice notice-${kind}`} role={kind === 'problem' ? 'alert' : 'status'}>
      {title !== undefined && <p className="notice-title">{title}</p>}
      {children}
    </div>
  );
}

export function Failure({ error }: { error: unknown }) {
  return error === null || error === undefined ? null : (
    <Notice kind="problem">
      <p>{explain(error)}</p>
    </Notice>
  );
}

// In place of what could not be read.
export function LoadFailure({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div className="load-failure" role="alert">
      <p>{explain(error)}</p>
      <Button onClick={retry}>Try again</Button>
    </div>
  );
}

export function Waiting() {
  return (
    <div className="waiting" role="status" aria-label="Loading">
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton" />
    </div>
  );
}

// What was read, or what became of reading it.
export function Loaded<T>({
  of,
  children,
}: {
  of: { data: T | undefined; error: unknown; reload: () => Promise<void> };
  children: (data: T) => ReactNode;
}) {
  if (of.data !== undefined) {
    return <>{children(of.data)}</>;
  }
  return of.error === undefined ? (
    <Waiting />
  ) : (
    <LoadFailure error={of.error} retry={() => void of.reload()} />
  );
}

export function PageHead({
  title,
  back,
  badges,
  children,
}: {
  title: ReactNode;
  back?: { to: string; name: string };
  badges?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="page-head">
      <div>
        {back !== undefined && (
          <p className="back">
            <Link to={back.to}>← {back.name}</Link>
          </p>
        )}
        <h1>{title}</h1>
        {badges !== undefined && <p className="badges">{badges}</p>}
      </div>
      {children !== undefined && <div className="page-tools">{children}</div>}
    </header>
  );
}

export function Panel({
  title,
  tools,
  children,
  className = '',
}: {
  title?: string;
  tools?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <header className="panel-head">
          <h2 id={id}>{title}</h2>
          {tools}
        </header>
      )}
      {children}
    </section>
  );
}

export interface Column<Item> {
  name: string;
  numeric?: boolean;
  // Says what the column is where its name would be too much to read.
  hidden?: boolean;
  cell: (item: Item) => ReactNode;
}

// A table on a desk, cards on a phone: each cell carries the name of its column.
export function Table<Item>({
  label,
  columns,
  items,
  keyOf,
  empty,
}: {
  label: string;
  columns: Column<Item>[];
  items: Item[];
  keyOf: (item: Item) => string;
  empty: ReactNode;
}) {
  if (items.length === 0) {
    return <p className="empty">{empty}</p>;
  }
  return (
    <div className="table-frame" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, numeric, hidden }) => (
              <th key={name} scope="col" className={numeric ? 'numeric' : undefined}>
                {hidden ? <span className="sr-only">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map(({ name, numeric, hidden, cell }) => (
                <td
                  key={name}
                  className={numeric ? 'numeric' : undefined}
                  data-name={hidden ? undefined : name}
                >
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ListTable<Item>({
  list,
  ...table
}: {
  list: List<Item>;
  label: string;
  columns: Column<Item>[];
  keyOf: (item: Item) => string;
  empty: ReactNode;
}) {
  const [failure, setFailure] = useState<unknown>(null);
  if (list.items === undefined) {
    return list.error === undefined ? (
      <Waiting />
    ) : (
      <LoadFailure error={list.error} retry={() => void list.reload()} />
    );
  }
  const { more } = list;
  return (
    <>
      <Table {...table} items={list.items} />
      <Failure error={failure} />
      {more !== null && (
        <p className="more">
          <Button onClick={() => void more().catch(setFailure)}>Show more</Button>
        </p>
      )}
    </>
  );
}

export function Field({
  label,
  hint,
  problem,
  className = '',
  children,
}: {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  className?: string;
  children: (ids: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': true | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': problem === undefined ? undefined : true,
      })}
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

interface Around {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  className?: string;
}

export function TextField({
  label,
  hint,
  problem,
  className,
  onText,
  ...input
}: Around & { onText?: (text: string) => void } & Omit<
    InputHTMLAttributes<HTMLInputElement>,
    'className'
  >) {
  return (
    <Field label={label} hint={hint} problem={problem} className={className ?? ''}>
      {(ids) => (
        <input
          autoComplete="off"
          {...input}
          {...ids}
          onChange={(event) => onText?.(event.target.value)}
        />
      )}
    </Field>
  );
}

export function AreaField({
  label,
  hint,
  problem,
  className,
  onText,
  ...area
}: Around & { onText: (text: string) => void } & Omit<
    TextareaHTMLAttributes<HTMLTextAreaElement>,
    'className'
  >) {
  return (
    <Field label={label} hint={hint} problem={problem} className={className ?? ''}>
      {(ids) => <textarea {...area} {...ids} onChange={(event) => onText(event.target.value)} />}
    </Field>
  );
}

export function SelectField({
  label,
  hint,
  problem,
  className,
  choices,
  onText,
  ...select
}: Around & {
  choices: readonly (readonly [value: string, name: string])[];
  onText: (value: string) => void;
} & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'className'>) {
  return (
    <Field label={label} hint={hint} problem={problem} className={className ?? ''}>
      {(ids) => (
        <select {...select} {...ids} onChange={(event) => onText(event.target.value)}>
          {choices.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check({
  label,
  checked,
  onCheck,
}: {
  label: ReactNode;
  checked: boolean;
  onCheck: (checked: boolean) => void;
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onCheck(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

// <dialog> brings the focus trap, Escape and the backdrop.
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="link" aria-label="Close" onClick={onClose}>
          ✕
        </Button>
      </header>
      {children}
    </dialog>
  );
}

// A form in a dialog that does one thing and closes when it is done. When somebody else was first,
// `reread` fetches what they did, and doing it again is then meant to go over it.
export function FormDialog({
  title,
  action,
  danger = false,
  wide = false,
  run,
  reread,
  onClose,
  children,
}: {
  title: string;
  action: string;
  danger?: boolean;
  wide?: boolean;
  run: () => Promise<unknown>;
  reread?: () => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [overtaken, setOvertaken] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    setError(null);
    setOvertaken(false);
    try {
      await run();
      onClose();
      return;
    } catch (failure) {
      const first = isConflict(failure) && reread !== undefined;
      setOvertaken(first);
      setError(first ? await reread().then(() => null, (second: unknown) => second) : failure);
    }
    setBusy(false);
  };
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <div className="dialog-body">{children}</div>
        <Failure error={error} />
        {overtaken && (
          <Notice kind="problem" title="Somebody else changed this meanwhile.">
            <p>
              Nothing of yours was saved. Cancel to see what they did, or go on: then yours goes over
              theirs.
            </p>
          </Notice>
        )}
        <footer className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={danger ? 'danger' : 'primary'} busy={busy}>
            {busy ? 'One moment…' : action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

// A button that does something right away and says what went wrong beside it.
export function ActionButton({
  run,
  children,
  kind = 'quiet',
  ...rest
}: {
  run: () => Promise<unknown>;
  children: ReactNode;
  kind?: 'primary' | 'quiet' | 'danger' | 'link';
} & Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'onClick'>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = async () => {
    setBusy(true);
    setError(null);
    try {
      await run();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button {...rest} kind={kind} busy={busy} onClick={() => void act()}>
        {children}
      </Button>
      <Failure error={error} />
    </>
  );
}
