import { useId } from 'react';

import { text } from '../text';

export const firstCard = 'tok_approved';

// The test provider's cards, each with what it will do.
export function TestCards({
  value,
  onChange,
}: {
  value: string;
  onChange: (method: string) => void;
}) {
  const name = useId();
  return (
    <div className="choices" role="radiogroup" aria-label={text.checkout.payment}>
      {text.checkout.cards.map((card) => (
        <label key={card.method} className="choice">
          <input
            type="radio"
            name={name}
            value={card.method}
            checked={value === card.method}
            onChange={() => onChange(card.method)}
          />
          <span className="choice-words">
            <span className="choice-name">{card.name}</span>
            <span className="choice-hint">{card.hint}</span>
          </span>
        </label>
      ))}
    </div>
  );
}
