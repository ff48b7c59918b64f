interface Props<T extends string> {
  label: string;
  options: { value: T; label: string }[];
  value: NoInfer<T>;
  onChange(value: NoInfer<T>): void;
}

/** A few ways to see the same thing, one at a time. */
export function Segments<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}
