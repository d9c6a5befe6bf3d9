// Promotion codes: those on the cart, with what stands in their way, and the field for another one.

import { useId, useState } from 'react';
import { isProblem, type Cart, type CartCode } from 'securecart-client';

import { enterCode, removeCode } from '../lib/cart';
import { explain } from '../lib/words';
import { text } from '../text';
import { Button, TextField } from './basics';
import { CloseIcon } from './icons';

export function Codes({ cart }: { cart: Cart }) {
  const [open, setOpen] = useState(cart.codes.length > 0);
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | undefined>();
  const region = useId();

  const enter = async () => {
    if (busy) {
      return;
    }
    if (code.trim() === '') {
      setProblem(text.codes.empty);
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      await enterCode(code.trim());
      setCode('');
    } catch (error) {
      setProblem(isProblem(error, 'code_unknown') ? text.codes.unknown : explain(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="codes">
      {cart.codes.length > 0 && (
        <ul className="codes-entered" aria-label={text.codes.entered}>
          {cart.codes.map((one) => (
            <Entered key={one.code} entered={one} />
          ))}
        </ul>
      )}
      {open ? (
        <div className="codes-field" id={region}>
          <TextField
            label={text.codes.label}
            optional
            name="code"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            maxLength={64}
            value={code}
            problem={problem}
            onChange={(event) => setCode(event.target.value)}
            onKeyDown={(event) => {
              // The field may stand in the form of the checkout, which Enter is not meant for.
              if (event.key === 'Enter') {
                event.preventDefault();
                void enter();
              }
            }}
          />
          <Button kind="quiet" busy={busy} onClick={() => void enter()}>
            {text.codes.apply}
          </Button>
        </div>
      ) : (
        <Button kind="link" aria-expanded={false} onClick={() => setOpen(true)}>
          {text.codes.open}
        </Button>
      )}
    </div>
  );
}

function Entered({ entered }: { entered: CartCode }) {
  const { code, obstacle } = entered;
  const [failure, setFailure] = useState<string | null>(null);
  const remove = () => {
    setFailure(null);
    removeCode(code).catch((error: unknown) => setFailure(explain(error)));
  };
  const words = failure ?? (obstacle === null ? null : text.codes.obstacles[obstacle]);
  return (
    <li className="code" data-applied={entered.applied}>
      <span className="code-name">{code}</span>
      <button
        type="button"
        className="icon-button"
        aria-label={text.codes.remove(code)}
        onClick={remove}
      >
        <CloseIcon />
      </button>
      <span className="code-words" role="status">
        {words ?? text.codes.applied}
      </span>
    </li>
  );
}
