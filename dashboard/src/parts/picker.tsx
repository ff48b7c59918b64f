import { useId, useState } from "react";

export interface Option {
  value: string;
  label?: string;
  /** Something short that helps to choose. */
  note?: string;
}

interface Props {
  label: string;
  options: Option[];
  chosen: string[];
  onChange(chosen: string[]): void;
  /** One at a time. */
  single?: boolean;
  /** Whether a value that is not on offer may be typed. */
  free?: boolean;
}

/** Values to choose from, with a search that also takes what is not on the list. */
export function Picker({ label, options, chosen, onChange, single = false, free = true }: Props) {
  const [search, setSearch] = useState("");
  const name = useId();
  const wanted = search.trim().toLowerCase();
  const known = new Set(options.map((option) => option.value));
  const all = [...chosen.filter((value) => !known.has(value)).map((value): Option => ({ value })), ...options];
  const found = all.filter((option) => (option.label ?? option.value).toLowerCase().includes(wanted));
  const typed = free && search.trim() !== "" && !all.some((option) => option.value === search.trim()) ? search.trim() : null;
  const toggle = (value: string) => {
    if (single) onChange([value]);
    else onChange(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  };
  return (
    <>
      {(options.length > 7 || free) && (
        <input
          className="input short" type="search" aria-label={label} placeholder={label} value={search} autoFocus
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => {
            const first = found[0]?.value ?? typed;
            if (event.key === "Enter" && wanted && first) toggle(first);
          }}
        />
      )}
      <div className="facet-list" role="group" aria-label={label}>
        {found.slice(0, 200).map((option) => (
          <label key={option.value} className="check">
            <input type={single ? "radio" : "checkbox"} name={name} checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} />
            <span className="truncate" title={option.value}>{option.label ?? option.value}</span>
            {option.note && <span className="muted small numeric">{option.note}</span>}
          </label>
        ))}
        {typed && (
          <button type="button" className="menu-item" onClick={() => toggle(typed)}>Use “{typed}”</button>
        )}
        {found.length === 0 && !typed && <p className="menu-label">Nothing to choose from here.</p>}
      </div>
    </>
  );
}
