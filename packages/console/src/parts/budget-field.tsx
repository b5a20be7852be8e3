import { useWords } from '../i18n/language.js';
import { NumberField } from './number-field.js';

const MOST_USD = 900_000;
const LEAST_USD = 0.01;
const CENTS = 2;

/** What may be spent in a month, in US dollars; empty is no limit. */
export function BudgetField({ value, onChange }: { value: number | null; onChange: (value: number | null) => void }) {
  const words = useWords();
  return (
    <NumberField
      label={words.budget}
      description={words.emptyIsNone}
      value={value}
      onChange={onChange}
      min={LEAST_USD}
      max={MOST_USD}
      decimals={CENTS}
    />
  );
}
