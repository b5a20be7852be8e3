import { Select } from '@mantine/core';

export interface StateFilterProps<State extends string> {
  /** For screen readers. */
  label: string;
  /** What it says, and does, without a state. */
  all: string;
  states: readonly State[];
  nameOf: (state: State) => string;
  value: State | undefined;
  onChange: (state: State | undefined) => void;
}

/** Chooses the state of what a list shows, or all of it. */
export function StateFilter<State extends string>(props: StateFilterProps<State>) {
  const { label, all, states, nameOf, value, onChange } = props;
  return (
    <Select
      aria-label={label}
      placeholder={all}
      clearable
      clearButtonProps={{ 'aria-label': all }}
      w={170}
      data={states.map((state) => ({ value: state, label: nameOf(state) }))}
      value={value ?? null}
      onChange={(chosen) => onChange(states.find((state) => state === chosen))}
    />
  );
}
