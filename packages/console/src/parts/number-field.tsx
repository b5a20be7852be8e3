import { NumberInput } from '@mantine/core';

export interface NumberFieldProps {
  label: string;
  description?: string;
  /** Null where nothing is set. */
  value: number | null;
  onChange: (value: number | null) => void;
  min: number;
  max: number;
  decimals?: number;
}

/** A number, or nothing. */
export function NumberField({ label, description, value, onChange, min, max, decimals = 0 }: NumberFieldProps) {
  return (
    <NumberInput
      label={label}
      description={description}
      value={value ?? ''}
      onChange={(given) => onChange(given === '' ? null : Number(given))}
      min={min}
      max={max}
      decimalScale={decimals}
      allowDecimal={decimals > 0}
    />
  );
}
